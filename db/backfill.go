package db

import (
	"context"
	"fmt"

	"crm/auth"
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
	err = backfill(ctx, d.Interactions, func(i *Interaction) []Assignment {
		return []Assignment{
			{Field: "kind", Value: string(i.Kind)}, {Field: "status", Value: string(i.Status)},
			{Field: "title_key", Value: Fold(i.Title)},
		}
	})
	if err != nil {
		return reports, err
	}
	return reports, d.backfillTickets(ctx)
}

// unfilled matches the documents that the old application wrote.
func unfilled() Filter { return IsNull("version") }

// backfill fills in every document that lacks its version, which is written along with the rest.
func backfill[T any](ctx context.Context, e *Entities[T], missing func(*T) []Assignment) error {
	_, err := e.all(ctx, unfilled(), func(doc *T) error {
		set := append(missing(doc), Assignment{Field: "version", Value: 1})
		if err := e.db.store.Update(ctx, e.c, e.id(doc), unfilled(), set); err != nil && CodeOf(err) != NotFound {
			return fmt.Errorf("cannot fill in %s %s: %w", kindNouns[e.kind], e.id(doc), err)
		}
		return nil
	})
	return err
}

// backfillAccounts fills in accounts. Where two have one address the older one keeps it; the other's key gets its id
// behind, so that it stays readable but nobody logs in to it by that address.
func backfillAccounts[T any](ctx context.Context, e *Entities[T], reports []string) ([]string, error) {
	pending, err := e.count(ctx, unfilled())
	if err != nil || pending == 0 {
		return reports, err
	}
	owners, err := addressOwners(ctx, e)
	if err != nil {
		return reports, err
	}
	return reports, backfill(ctx, e, func(doc *T) []Assignment {
		e.document(doc).(keyed).setKeys()
		email := *e.document(doc).Pointers()[e.c.index("email_key")].(*string)
		if owner := owners[email]; owner != e.id(doc) {
			reports = append(reports, fmt.Sprintf("%s %s has the same e-mail address as %s: it can't log in until an admin changes it",
				kindNouns[e.kind], e.kind.GlobalID(e.id(doc)), e.kind.GlobalID(owner)))
			email += "\x00" + e.id(doc).String()
		}
		set := []Assignment{{Field: "email_key", Value: email}}
		for i, pointer := range e.document(doc).Pointers() {
			if name := e.c.Fields[i].Name; isKey(name) && name != "email_key" {
				set = append(set, Assignment{Field: name, Value: valueAt(pointer)})
			}
		}
		return set
	})
}

// addressOwners returns for each address the oldest account that has it.
func addressOwners[T any](ctx context.Context, e *Entities[T]) (map[string]ID, error) {
	owners := make(map[string]ID)
	query := Query{Sort: []Sort{{Field: "_id"}}, Limit: 1000}
	for {
		found, err := e.find(ctx, auth.SystemScope(), query)
		if err != nil {
			return nil, err
		}
		for _, doc := range found {
			email := Fold(*e.document(doc).Pointers()[e.c.index("email")].(*string))
			if _, taken := owners[email]; !taken {
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
	owners := make(map[ID]ID)
	_, err := d.Tickets.all(ctx, unfilled(), func(t *Ticket) error {
		owner, known := owners[t.InteractionID]
		if !known {
			interaction, err := d.Interactions.Get(ctx, auth.SystemScope(), t.InteractionID)
			if exceptCode(err, NotFound) != nil {
				return err
			}
			if interaction != nil {
				owner = interaction.UserID
			}
			owners[t.InteractionID] = owner
		}
		err := d.store.Update(ctx, Tickets, t.ID, unfilled(), []Assignment{
			{Field: "interaction_user_id", Value: owner}, {Field: "priority", Value: int(t.Priority)},
			{Field: "version", Value: 1},
		})
		return exceptCode(err, NotFound)
	})
	return err
}
