package notify

import (
	"fmt"
	"slices"

	"crm/auth"
	"crm/db/store"
)

// This file has what a random history records: who has to be told what. It is written from the table in docs/mail.md, not from the
// code's.

// person is an account in a history.
type person struct {
	name  string
	key   auth.AudienceKey
	scope auth.Scope
	// addresses are those that the account has had; nobody else has them.
	addresses []string
	deleted   bool
	// erasedAt is how many mails the mail server had accepted when the account had been erased; 0 if it wasn't.
	erasedAt int
}

func newPerson(name string, role auth.Role) *person {
	p := &person{name: name, scope: auth.Scope{Role: role, Account: store.NewID()}}
	p.key = auth.AccountKey(role, p.scope.Account)
	p.nextAddress()
	return p
}

func (p *person) id() *store.ID {
	id := store.ID(p.scope.Account)
	return &id
}

// nextAddress returns an address that nobody has had.
func (p *person) nextAddress() string {
	address := fmt.Sprintf("%s-%d@people.example", p.name, len(p.addresses))
	p.addresses = append(p.addresses, address)
	return address
}

// record is a meeting or a ticket in a history.
type record struct {
	id store.ID
	// name is unique, and so is the title of each version.
	name     string
	isTicket bool
	version  int
	deleted  bool
	// erased says that the texts may have been erased with an account.
	erased  bool
	notices map[*person][]notice
}

// notice is something that a person has to be told about a record.
type notice struct {
	news, title string
	// address is which of their addresses the person had.
	address int
}

func newRecord(name string) record { return record{name: name, notices: map[*person][]notice{}} }

func (r *record) title() string { return fmt.Sprintf("%s v%d", r.name, r.version) }

// tell records that people have to be told something. Some of them may be the same person, or nil.
func (r *record) tell(news string, people ...*person) {
	for i, p := range people {
		if p != nil && !p.deleted && !slices.Contains(people[:i], p) {
			r.notices[p] = append(r.notices[p], notice{news, r.title(), len(p.addresses) - 1})
		}
	}
}

// subjectWords has, for each news, the words that the subject of the last message may contain. A change may be told as what it
// was merged with: somebody who hasn't heard that a meeting is new isn't told that it changed.
var subjectWords = map[string][]string{
	"created": {"New"}, "handed over": {"Handed over"}, "updated": {"Changed", "New", "Handed over"},
	"cancelled": {"Cancelled"}, "deleted": {"Deleted"},
	"rewritten": {"Changed", "Urgent", "New"}, "assigned": {"assigned"},
	"resolved": {"resolved"}, "closed": {"closed"}, "reopened": {"reopened"},
}

// replaceable says by which later news about a ticket a message may be replaced. A message about a meeting may be replaced by any,
// since each states all that is true.
var replaceable = map[string][]string{
	"created": {"rewritten", "deleted"}, "rewritten": {"rewritten", "deleted"}, "assigned": {"assigned", "deleted"},
	"resolved": {"resolved", "closed", "reopened", "deleted"}, "closed": {"resolved", "closed", "reopened", "deleted"},
	"reopened": {"resolved", "closed", "reopened", "deleted"},
}
