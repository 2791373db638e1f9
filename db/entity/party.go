package entity

import (
	"crm/auth"
	"crm/db/store"
)

// Party is an account and its role in a document. The role is named after the field that refers to the account: "customer",
// "interaction user", "assignee", or "former assignee".
type Party struct {
	Role    string           `json:"role"`
	Account auth.AudienceKey `json:"account"`
}

// accountTypes are the entities that are accounts.
var accountTypes = map[string]auth.Role{"User": auth.User, "Customer": auth.Customer}

// Parties returns the accounts that a document refers to.
func (d *Definition) Parties(doc store.Document) []Party { return d.parties(nil, doc.Pointers(nil)) }

// parties returns the accounts that a document refers to after a change, or before a deletion, and the accounts that the
// change replaced.
func (d *Definition) parties(before, after []any) []Party {
	state := after
	if state == nil {
		state = before
	}
	parties := make([]Party, 0, len(d.References))
	for _, reference := range d.References {
		role, ok := accountTypes[reference.Owner]
		if !ok {
			continue
		}
		i := d.FieldIndex(reference.Field)
		now, _ := store.ValueAt(state[i]).(store.ID)
		if !now.IsZero() {
			parties = append(parties, Party{reference.role, auth.AccountKey(role, now)})
		}
		if before == nil || after == nil {
			continue
		}
		if former, _ := store.ValueAt(before[i]).(store.ID); former != now && !former.IsZero() {
			parties = append(parties, Party{"former " + reference.role, auth.AccountKey(role, former)})
		}
	}
	return parties
}

// OwnerIDs returns the ids of the documents of an entity that a document refers to.
func (d *Definition) OwnerIDs(doc store.Document, owner *Definition) []store.ID {
	var ids []store.ID
	pointers := doc.Pointers(nil)
	for _, reference := range d.References {
		if reference.Owner != owner.TypeName {
			continue
		}
		if id, _ := store.ValueAt(pointers[d.FieldIndex(reference.Field)]).(store.ID); !id.IsZero() {
			ids = append(ids, id)
		}
	}
	return ids
}
