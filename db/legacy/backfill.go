// Package legacy adapts the documents of the application that this program replaces: it fills in missing fields.
package legacy

import (
	"context"
	"fmt"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// batch is how many documents are read at a time.
const batch = 200

// Backfill adds the missing fields to documents that the old application wrote: keys, version and defaults. It changes
// nothing that the old application wrote, may be interrupted and called again, and reports in words what it could not
// do.
func Backfill(ctx context.Context, s store.Store, keys *textkey.Keys) (reports []string, err error) {
	reports, err = accounts[db.User](ctx, s, keys, db.Users, reports)
	if err != nil {
		return reports, err
	}
	if reports, err = accounts[db.Customer](ctx, s, keys, db.Customers, reports); err != nil {
		return reports, err
	}
	lacks := lacking("kind", "status", "title_key")
	if err := fill[db.Interaction](ctx, s, keys, db.Interactions, lacks, "kind", "status", "title_key"); err != nil {
		return reports, err
	}
	return reports, tickets(ctx, s)
}

// lacking matches the documents that lack a version or one of these fields: documents of the old application, even if
// this program has changed them before they were filled in.
func lacking(fields ...string) store.Filter {
	filters := []store.Filter{store.IsNull("version")}
	for _, field := range fields {
		filters = append(filters, store.IsNull(field))
	}
	return store.Or(filters...)
}

// document is a document of the old application to fill in.
type document[T any] interface {
	entity.Document[T]
	entity.Keyed
}

// fill writes these fields, with keys and defaults, to every document that lacks something.
func fill[T any, P document[T]](
	ctx context.Context, s store.Store, keys *textkey.Keys, def *entity.Definition, lacks store.Filter, fields ...string,
) error {
	return each[T, P](ctx, s, def, lacks, func(doc P) ([]store.Assignment, error) {
		doc.SetKeys(keys)
		return assignments(def, doc, fields), nil
	})
}

// assignments assigns the document's values to the fields.
func assignments(def *entity.Definition, doc store.Document, fields []string) []store.Assignment {
	pointers := doc.Pointers(nil)
	set := make([]store.Assignment, 0, len(fields)+1)
	for _, field := range fields {
		set = append(set, store.Assignment{Field: field, Value: store.ValueAt(pointers[def.FieldIndex(field)])})
	}
	return set
}

// each applies missing's assignments to every document that lacks something, and sets its version. An existing version
// stays, since clients needn't notice the change.
func each[T any, P entity.Document[T]](
	ctx context.Context, s store.Store, def *entity.Definition, lacks store.Filter,
	missing func(P) ([]store.Assignment, error),
) error {
	for {
		found, err := entity.Find[T, P](ctx, s, def.Collection, store.Query{Where: lacks, Limit: batch})
		if err != nil {
			return err
		}
		for _, doc := range found {
			id, version := idOf(P(doc)), versionOf(def, P(doc))
			set, err := missing(doc)
			if err != nil {
				return err
			}
			set = append(set, store.Assignment{Field: "version", Value: version})
			err = s.Update(ctx, def.Collection, id, store.And(lacks, entity.AtVersion(version)), set)
			if err != nil && store.CodeOf(err) != store.NotFound {
				return fmt.Errorf("cannot fill in %s %s: %w", def.Noun, id, err)
			}
		}
		if len(found) < batch {
			return nil
		}
	}
}

func idOf(doc store.Document) store.ID { return *doc.Pointers(nil)[0].(*store.ID) } // the _id is the first field

func versionOf(def *entity.Definition, doc store.Document) int {
	return *doc.Pointers(nil)[def.FieldIndex("version")].(*int)
}

// secondKey is the key of an account with another account's address: the address stays readable, but nobody can log in
// with it.
func secondKey(email string, id store.ID) string { return email + "\x00" + id.String() }

// accounts fills in accounts. Among accounts with the same address, one keeps it as its key; the others get a second
// key.
func accounts[T any, P document[T]](
	ctx context.Context, s store.Store, keys *textkey.Keys, def *entity.Definition, reports []string,
) ([]string, error) {
	lacks := lacking("email_key", "name_key")
	pending, err := s.Count(ctx, def.Collection, lacks)
	if err != nil || pending == 0 {
		return reports, err
	}
	owners, err := addressOwners[T, P](ctx, s, def)
	if err != nil {
		return reports, err
	}
	fields := keyFields(def)
	return reports, each[T, P](ctx, s, def, lacks, func(doc P) ([]store.Assignment, error) {
		doc.SetKeys(keys)
		email, _ := store.ValueAt(doc.Pointers(nil)[def.FieldIndex("email_key")]).(string)
		set := assignments(def, doc, fields)
		if owner := owners[email]; owner != idOf(doc) {
			reports = append(reports, fmt.Sprintf("%s %s has the same e-mail address as %s: it can't log in until an admin changes it",
				def.Noun, def.Kind.GlobalID(idOf(doc)), def.Kind.GlobalID(owner)))
			email = secondKey(email, idOf(doc))
		}
		return append(set, store.Assignment{Field: "email_key", Value: email}), nil
	})
}

// keyFields returns the fields of an account that hold keys, except that of its address.
func keyFields(def *entity.Definition) []string {
	var names []string
	for _, key := range def.KeyFields {
		if !key.Unique {
			names = append(names, key.Name)
		}
	}
	return names
}

// addressOwners returns for each address the account that keeps it: the one that can already log in with it, else the
// oldest.
func addressOwners[T any, P entity.Document[T]](
	ctx context.Context, s store.Store, def *entity.Definition,
) (map[string]store.ID, error) {
	owners := make(map[string]store.ID)
	query := store.Query{Sort: []store.Sort{{Field: "_id"}}, Limit: 1000}
	for {
		found, err := entity.Find[T, P](ctx, s, def.Collection, query)
		if err != nil {
			return nil, err
		}
		for _, doc := range found {
			pointers := P(doc).Pointers(nil)
			email := textkey.Address(*pointers[def.FieldIndex("email")].(*string))
			logsIn := *pointers[def.FieldIndex("email_key")].(*string) == email
			if _, taken := owners[email]; logsIn || !taken {
				owners[email] = idOf(P(doc))
			}
		}
		if len(found) < query.Limit {
			return owners, nil
		}
		query.After = []any{idOf(P(found[len(found)-1]))}
	}
}

// tickets copies the interaction's user to each ticket.
func tickets(ctx context.Context, s store.Store) error {
	owners := make(map[store.ID]store.ID)
	lacks := lacking("interaction_user_id", "priority")
	return each[db.Ticket](ctx, s, db.Tickets, lacks, func(t *db.Ticket) ([]store.Assignment, error) {
		owner, known := owners[t.InteractionID]
		if !known {
			found, err := entity.Find[db.Interaction](ctx, s, db.Interactions.Collection,
				store.Query{Where: store.Eq("_id", t.InteractionID), Limit: 1})
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				owner = found[0].UserID
			}
			owners[t.InteractionID] = owner
		}
		return []store.Assignment{
			{Field: "interaction_user_id", Value: owner}, {Field: "priority", Value: int(t.Priority)},
		}, nil
	})
}
