package notify

import (
	"context"
	"maps"
	"slices"
	"strings"

	"crm/auth"
	"crm/db"
	"crm/db/address"
	"crm/db/store"
	"crm/notify/mail"
)

// mailContext holds the current documents that a batch of events refers to; any of them may be missing.
type mailContext struct {
	accounts map[auth.AudienceKey]db.Recipient
	// admins are the active admins, if somebody has to be substituted.
	admins []auth.AudienceKey
	// interactions are those that the events' entities belong to.
	interactions map[store.ID]*db.Interaction
	// links are the account links that the events are about, as far as they can still be used.
	links map[store.ID]*db.AccountLink
	// messages are those that the events report, with the texts that events don't contain, and tickets are theirs.
	messages map[store.ID]*db.TicketMessage
	tickets  map[store.ID]*db.Ticket
	// files are the public attachments of the messages.
	files map[store.ID][]*db.Attachment
}

// mailContext looks up the documents that the drafts refer to, with one call to the store for each entity.
func (c *composer) mailContext(ctx context.Context, drafts []*draft) (*mailContext, error) {
	accounts, interactions := map[auth.AudienceKey]bool{}, map[store.ID]bool{}
	var links []store.ID
	var written []*draft
	for _, d := range drafts {
		if len(d.addressees) == 0 {
			continue
		}
		for _, party := range d.data.Concerned {
			accounts[party.Account] = true
		}
		for _, a := range d.addressees {
			if a.account != "" {
				accounts[a.account] = true
			}
		}
		if db.BringsLink(d.event.Type) {
			links = append(links, d.event.Entity)
		}
		for _, id := range d.data.OwnerIDs(db.Interactions) {
			interactions[id] = true
		}
		if _, ok := d.data.Entity.(*db.TicketMessage); ok {
			written = append(written, d)
		}
	}
	found := new(mailContext)
	var err error
	if found.accounts, err = c.db.Recipients(ctx, slices.Collect(maps.Keys(accounts))); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(drafts, found.needsAdmins) {
		if found.admins, err = c.db.ActiveAdmins(ctx, found.accounts); err != nil {
			return nil, err
		}
	}
	if found.links, err = c.db.UsableLinks(ctx, links); err != nil {
		return nil, err
	}
	if len(interactions) > 0 {
		found.interactions, err = c.db.Interactions.ByID(ctx, auth.SystemScope(), slices.Collect(maps.Keys(interactions)))
	}
	if err != nil || len(written) == 0 {
		return found, err
	}
	return found, found.readMessages(ctx, c.db, written)
}

// readMessages reads the messages that the drafts are about, and their tickets. Of a message that has been deleted since, nobody
// is told.
func (c *mailContext) readMessages(ctx context.Context, d *db.DB, written []*draft) (err error) {
	ids, tickets := make([]store.ID, len(written)), map[store.ID]bool{}
	for i, draft := range written {
		ids[i] = draft.event.Entity
	}
	if c.messages, err = d.TicketMessages.ByID(ctx, auth.SystemScope(), ids); err != nil {
		return err
	}
	for _, draft := range written {
		message := c.messages[draft.event.Entity]
		if message == nil {
			draft.addressees = nil
			continue
		}
		draft.data.Entity = message
		tickets[message.TicketID] = true
	}
	if c.files, err = d.PublicAttachments(ctx, ids); err != nil {
		return err
	}
	c.tickets, err = d.Tickets.ByID(ctx, auth.SystemScope(), slices.Collect(maps.Keys(tickets)))
	return err
}

// Files names the files of a message, "" if it has none. The templates call it.
func (c *mailContext) Files(m *db.TicketMessage) string {
	files := c.files[m.ID]
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = file.FileName
	}
	list := strings.Join(names, ", ")
	if !db.AreMailed(files) {
		return list + " (not in this mail, but with the ticket)"
	}
	return list
}

// Ticket returns the ticket of a message, nil if it is deleted. The templates call it.
func (c *mailContext) Ticket(m *db.TicketMessage) *db.Ticket { return c.tickets[m.TicketID] }

// AuthorName returns the name of who wrote a message, "" if the account is deleted. The name of somebody without an account is what
// they chose, so that it is with their address. The templates call it.
func (c *mailContext) AuthorName(m *db.TicketMessage) string {
	if external := m.External(); external != nil {
		return externalName(external, m.Verification == db.VerifiedSender)
	}
	if m.ByCustomer() {
		return c.CustomerName(m.CustomerID)
	}
	return c.UserName(m.AuthorID)
}

// externalName returns the name and the address of somebody without an account, and says so unless the address is known to be theirs.
func externalName(external *db.ExternalAddress, verified bool) string {
	name, email := mail.Line(external.Name, mail.NameLimit), mail.Line(external.Email, address.Limit)
	switch {
	case email == "":
		return name
	case name != "":
		email = name + " <" + email + ">"
	}
	if verified {
		return email
	}
	return email + " (the address may be forged)"
}

// needsAdmins reports whether admins are told in the place of an addressee.
func (c *mailContext) needsAdmins(d *draft) bool {
	return slices.ContainsFunc(d.addressees, func(a addressee) bool { return c.isAbsent(d, a) })
}

// isAbsent reports whether admins are told in the place of an addressee: of a user who is responsible and deactivated, or of
// nobody.
func (c *mailContext) isAbsent(d *draft, a addressee) bool {
	responsible := a.role.answers() || a.role == assignee && replyTo(d.data) == a.account
	return a.role == nobody || responsible && c.accounts[a.account].Deactivated
}

// substitute returns a draft's addressees, with all active admins in the place of those who are absent.
func (c *mailContext) substitute(d *draft) []addressee {
	var all []addressee
	for _, a := range d.addressees {
		if !c.isAbsent(d, a) {
			all = append(all, a)
			continue
		}
		for _, admin := range c.admins {
			if a.row.toActor || admin != actorOf(d.event) {
				all = append(all, addressee{admin, a.role, a.row})
			}
		}
	}
	return all
}

// recipient returns the recipient with an addressee's account; ok is false if the account is deactivated or deleted, or made the
// change and isn't told of its own. A deleted account is still told of deletions, since what belonged to it was deleted with it.
// The recipient of a link is at the address that the link is for, which has no account yet if it is to sign up; nobody is one if
// the link can't be used any more.
func (c *mailContext) recipient(event *store.Event, a addressee) (to db.Recipient, ok bool) {
	if link := c.links[event.Entity]; link != nil && a.account == "" {
		return db.Recipient{Email: link.Email}, true
	}
	to, ok = c.accounts[a.account]
	ok = ok && to.IsToldOf(event) && (to.NotifySelf || a.role == holder || a.account != actorOf(event))
	if !ok || !db.BringsLink(event.Type) {
		return to, ok
	}
	link := c.links[event.Entity]
	if link == nil {
		return db.Recipient{}, false
	}
	to.Email = link.Email
	return to, true
}

// UserName returns the name of a user, "" for nil or a deleted user. The templates call it.
func (c *mailContext) UserName(id *store.ID) string {
	if id == nil {
		return ""
	}
	return mail.Line(c.accounts[auth.AccountKey(auth.User, *id)].Name, mail.NameLimit)
}

// CustomerName returns the name of a customer, "" for a deleted one. The templates call it.
func (c *mailContext) CustomerName(id store.ID) string {
	return mail.Line(c.accounts[auth.AccountKey(auth.Customer, id)].Name, mail.NameLimit)
}

// InteractionTitle returns the title of a ticket's interaction, "" if there is none or it is deleted. The templates call it.
func (c *mailContext) InteractionTitle(id *store.ID) string {
	if id == nil || c.interactions[*id] == nil {
		return ""
	}
	return mail.Line(c.interactions[*id].Title, titleLimit)
}
