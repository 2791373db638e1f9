package notify

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/notify/mail/mailtest"
)

// arrived is a mail that the mail server accepted; at is how many it had accepted before.
type arrived struct {
	at                 int
	delivery           *db.Delivery
	to, subject, title string
}

// thread identifies the messages about a record to an account.
type thread struct {
	record  store.ID
	account auth.AudienceKey
}

// ledger has all messages, planned and arrived, in order, and counts for the log.
type ledger struct {
	t         *testing.T
	planned   map[thread][]*db.Delivery
	mails     map[thread][]arrived
	addressed map[string][]int

	total, repeated, unrecorded int
	statuses                    map[db.DeliveryStatus]int
}

func (w *world) newLedger(server *mailtest.Server) *ledger {
	w.t.Helper()
	l := &ledger{
		t: w.t, planned: map[thread][]*db.Delivery{}, mails: map[thread][]arrived{}, addressed: map[string][]int{},
		statuses: map[db.DeliveryStatus]int{},
	}
	byMessageID := map[string]*db.Delivery{}
	for _, d := range all[db.Delivery](w, db.Deliveries.Collection) {
		byMessageID["<"+d.MessageID+">"] = d
		key := thread{d.EntityID, d.Account}
		l.planned[key] = append(l.planned[key], d)
		l.statuses[d.Status]++
	}
	for _, deliveries := range l.planned {
		slices.SortFunc(deliveries, func(a, b *db.Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	for at, m := range server.Inbox() {
		parsed := mailtest.Parse(w.t, m.Raw)
		mail := arrived{at: at, delivery: byMessageID[parsed.Header.Get("Message-ID")], to: m.To, subject: parsed.Subject}
		if mail.delivery == nil {
			w.t.Errorf("unknown mail %q arrived", parsed.Subject)
			continue
		}
		mail.title = mail.subject[strings.LastIndex(mail.subject, ": ")+2:]
		key := thread{mail.delivery.EntityID, mail.delivery.Account}
		l.mails[key] = append(l.mails[key], mail)
		l.addressed[m.To] = append(l.addressed[m.To], at)
		l.total++
	}
	return l
}

// checkHistory checks what those concerned by a history were told.
func (l *ledger) checkHistory(h *history) {
	records := []*record{&h.meeting.record}
	for _, t := range h.tickets {
		records = append(records, &t.record)
	}
	people := append([]*person{h.customer}, h.users...)
	for _, r := range records {
		for _, p := range people {
			l.checkThread(r, p)
		}
	}
	for _, p := range people {
		l.checkErased(p)
	}
}

// checkErased checks that nothing was sent to an account after it was erased.
func (l *ledger) checkErased(p *person) {
	if !p.deleted {
		return
	}
	for _, address := range p.addresses {
		if n := len(l.addressed[address]); n > 0 && l.addressed[address][n-1] >= p.erasedAt {
			l.t.Errorf("%s got mail after the account was erased", address)
		}
	}
}

// checkThread checks what one person was told about one record: everything or what superseded it, in order, the truth last.
func (l *ledger) checkThread(r *record, p *person) {
	key, notices := thread{r.id, p.key}, r.notices[p]
	planned, mails := l.planned[key], l.withoutRepeats(l.mails[key])
	delete(l.planned, key)
	fail := func(format string, args ...any) {
		l.t.Helper()
		var told []string
		for _, m := range mails {
			told = append(told, m.subject)
		}
		l.t.Errorf("%s about %s, who has to be told %q and was told %q: "+format, append([]any{p.name, r.name, notices, told}, args...)...)
	}
	if len(planned) != len(notices) && (!p.deleted || len(planned) > len(notices)) {
		fail("%d messages", len(planned))
		return
	}
	for i, m := range mails {
		if i > 0 && m.delivery.Seq <= mails[i-1].delivery.Seq {
			fail("in the wrong order")
		}
		if i > 0 && strings.HasPrefix(m.subject, "New ") && mails[i-1].delivery.Status == db.DeliverySent {
			fail("that it is new, after other news")
		}
		if m.delivery.Status != db.DeliverySent {
			l.unrecorded++
		}
		l.checkMail(r, p, planned, m, fail)
	}
	l.checkStatuses(p, planned, mails, fail)
	if !p.deleted && r.isTicket {
		checkReplaced(planned, notices, fail)
	}
	l.checkLast(p, notices, mails, fail)
}

type failure func(format string, args ...any)

// checkMail checks a mail's text and address. Of those who were deleted it isn't known which notices weren't planned.
func (l *ledger) checkMail(r *record, p *person, planned []*db.Delivery, m arrived, fail failure) {
	notices := r.notices[p]
	i := slices.Index(planned, m.delivery)
	if p.deleted {
		i = slices.IndexFunc(notices, func(n notice) bool { return n.title == m.title })
	}
	if r.erased && m.title == entity.ErasedText {
		return
	}
	if i < 0 || m.title != notices[i].title {
		fail("%q", m.subject)
		return
	}
	if address := slices.Index(p.addresses, m.to); address < notices[i].address {
		fail("%q to %s, which was out of date", m.subject, m.to)
	}
}

// checkStatuses checks that what was sent arrived, and that everything else was superseded or its recipient was deleted.
func (l *ledger) checkStatuses(p *person, planned []*db.Delivery, mails []arrived, fail failure) {
	for _, d := range planned {
		has := slices.ContainsFunc(mails, func(m arrived) bool { return m.delivery == d })
		switch {
		case d.Status == db.DeliverySent && has, d.Status == db.DeliverySuperseded:
		case d.Status == db.DeliveryCancelled && p.deleted && !d.TellsOfDeletion():
		default:
			fail("message %d is %s, arrived: %t", d.Seq, d.Status, has)
		}
		if p.deleted && slices.Contains(p.addresses, d.Recipient) {
			fail("message %d, which is %s, isn't erased", d.Seq, d.Status)
		}
	}
}

// checkReplaced checks that messages about a ticket were superseded only by those that make them pointless.
func checkReplaced(planned []*db.Delivery, notices []notice, fail failure) {
	for i, d := range planned {
		if d.SupersededBy == nil {
			continue
		}
		by := slices.IndexFunc(planned, func(other *db.Delivery) bool { return other.ID == *d.SupersededBy })
		if by < 0 || !slices.Contains(replaceable[notices[i].news], notices[by].news) {
			fail("message %d is superseded by %d", i, by)
		}
	}
}

// checkLast checks that the last mail tells the last news. Those who were deleted have to be told only of what was deleted
// with their accounts.
func (l *ledger) checkLast(p *person, notices []notice, mails []arrived, fail failure) {
	if len(notices) == 0 {
		return
	}
	last := notices[len(notices)-1]
	if p.deleted && last.news != "deleted" {
		return
	}
	if len(mails) == 0 {
		fail("nothing")
		return
	}
	m := mails[len(mails)-1]
	says := slices.ContainsFunc(subjectWords[last.news], func(word string) bool {
		return strings.Contains(strings.ToLower(m.subject), strings.ToLower(word))
	})
	if !says || (m.title != last.title && m.title != entity.ErasedText) {
		fail("the last news is %q", last)
	}
}

// withoutRepeats counts and drops what arrived twice in a row, which is right if the sender didn't learn of the first time.
func (l *ledger) withoutRepeats(mails []arrived) []arrived {
	distinct := slices.CompactFunc(slices.Clone(mails), func(a, b arrived) bool { return a.delivery == b.delivery })
	l.repeated += len(mails) - len(distinct)
	return distinct
}
