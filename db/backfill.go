package db

import (
	"context"
	"fmt"
	"strings"

	"crm/auth"
	"crm/db/store"
)

// Backfill gives documents that the old application wrote the fields that they lack: keys, version and defaults.
// It changes nothing that the old application wrote, may be cut off and called again, and reports in words what it
// could not do.
func (d *DB) Backfill(ctx context.Context) (reports []string, err error) {
	reports, err = backfillAccounts(ctx, d.Users, reports)
	if err != nil {
		return reports, err
	}
	if reports, err = backfillAccounts(ctx, d.Customers, reports); err != nil {
		return reports, err
	}
	err = backfill(ctx, d.Interactions, lacking("kind", "status", "title_key"), func(i *Interaction) []store.Assignment {
		return []store.Assignment{
			{Field: "kind", Value: string(i.Kind)}, {Field: "status", Value: string(i.Status)},
			{Field: "title_key", Value: Fold(i.Title)},
		}
	})
	if err != nil {
		return reports, err
	}
	return reports, d.backfillTickets(ctx)
}

// lacking matches the documents that lack a version or one of these fields: those that the old application wrote, also
// if they were changed here before they could be filled in.
func lacking(fields ...string) store.Filter {
	filters := []store.Filter{store.IsNull("version")}
	for _, field := range fields {
		filters = append(filters, store.IsNull(field))
	}
	return store.Or(filters...)
}

// backfill fills in every document that lacks something. A version that it has stays: nobody has to notice.
func backfill[T any](ctx context.Context, e *Entities[T], lacks store.Filter, missing func(*T) []store.Assignment) error {
	_, err := e.all(ctx, lacks, func(doc *T) error {
		set := append(missing(doc), store.Assignment{Field: "version", Value: e.version(doc)})
		where := store.And(lacks, atVersion(e.version(doc)))
		if err := e.db.store.Update(ctx, e.c, e.id(doc), where, set); err != nil && store.CodeOf(err) != store.NotFound {
			return fmt.Errorf("cannot fill in %s %s: %w", kindNouns[e.kind], e.id(doc), err)
		}
		return nil
	})
	return err
}

// secondKey is the key of an account whose address is another one's: it stays readable, but nobody logs in to it by that
// address.
func secondKey(email string, id store.ID) string { return email + "\x00" + id.String() }

// emailKey returns the key that goes with an address. A second key stays as long as the address does, so that such an
// account can be changed, deactivated or deleted like any other.
func emailKey(stored, email string) string {
	key := Fold(email)
	if strings.HasPrefix(stored, key+"\x00") {
		return stored
	}
	return key
}

// backfillAccounts fills in accounts. Of those with one address one keeps it; the others get a second key.
func backfillAccounts[T any](ctx context.Context, e *Entities[T], reports []string) ([]string, error) {
	lacks := lacking("email_key", "name_key")
	pending, err := e.count(ctx, lacks)
	if err != nil || pending == 0 {
		return reports, err
	}
	owners, err := addressOwners(ctx, e)
	if err != nil {
		return reports, err
	}
	return reports, backfill(ctx, e, lacks, func(doc *T) []store.Assignment {
		e.document(doc).(keyed).setKeys()
		email := *e.document(doc).Pointers(nil)[e.c.FieldIndex("email_key")].(*string)
		if owner := owners[email]; owner != e.id(doc) {
			reports = append(reports, fmt.Sprintf("%s %s has the same e-mail address as %s: it can't log in until an admin changes it",
				kindNouns[e.kind], e.kind.GlobalID(e.id(doc)), e.kind.GlobalID(owner)))
			email = secondKey(email, e.id(doc))
		}
		set := []store.Assignment{{Field: "email_key", Value: email}}
		for i, pointer := range e.document(doc).Pointers(nil) {
			if name := e.c.Fields[i].Name; isKey(name) && name != "email_key" {
				set = append(set, store.Assignment{Field: name, Value: store.ValueAt(pointer)})
			}
		}
		return set
	})
}

// addressOwners returns for each address the account that has it: the one that logs in with it already, else the oldest.
func addressOwners[T any](ctx context.Context, e *Entities[T]) (map[string]store.ID, error) {
	owners := make(map[string]store.ID)
	query := store.Query{Sort: []store.Sort{{Field: "_id"}}, Limit: 1000}
	for {
		found, err := e.find(ctx, auth.SystemScope(), query)
		if err != nil {
			return nil, err
		}
		for _, doc := range found {
			pointers := e.document(doc).Pointers(nil)
			email := Fold(*pointers[e.c.FieldIndex("email")].(*string))
			logsIn := *pointers[e.c.FieldIndex("email_key")].(*string) == email
			if _, taken := owners[email]; logsIn || !taken {
				owners[email] = e.id(doc)
			}
		}
		if len(found) < query.Limit {
			return owners, nil
		}
		query.After = []any{e.id(found[len(found)-1])}
	}
}

// backfillTickets repeats on each ticket its interaction's user.
func (d *DB) backfillTickets(ctx context.Context) error {
	owners := make(map[store.ID]store.ID)
	lacks := lacking("interaction_user_id", "priority")
	_, err := d.Tickets.all(ctx, lacks, func(t *Ticket) error {
		owner, known := owners[t.InteractionID]
		if !known {
			interaction, err := d.Interactions.Get(ctx, auth.SystemScope(), t.InteractionID)
			if exceptCode(err, store.NotFound) != nil {
				return err
			}
			if interaction != nil {
				owner = interaction.UserID
			}
			owners[t.InteractionID] = owner
		}
		err := d.store.Update(ctx, Tickets, t.ID, store.And(lacks, atVersion(t.Version)), []store.Assignment{
			{Field: "interaction_user_id", Value: owner}, {Field: "priority", Value: int(t.Priority)},
			{Field: "version", Value: t.Version},
		})
		return exceptCode(err, store.NotFound)
	})
	return err
}
