package entity

import (
	"bytes"
	"encoding/json"

	"crm/auth"
	"crm/db/store"
)

// VisibilityChange is a change of who sees a document through another one, whose event it is.
type VisibilityChange struct {
	Definition *Definition
	ID         store.ID
	Audience   Audience
}

// VisibilityChanges returns the documents that an event lets accounts see, or hides from them, without being an event of the documents
// themselves: the interaction of a ticket that is assigned.
func (c *Catalog) VisibilityChanges(def *Definition, verb string, envelope Envelope) []VisibilityChange {
	var changes []VisibilityChange
	for _, other := range c.list {
		for _, grant := range other.Visible {
			if grant.account == "" || grant.through != def.TypeName {
				continue
			}
			var id store.ID
			if json.Unmarshal(envelope.State[grant.field], &id) != nil || id.IsZero() {
				continue
			}
			before, after := envelope.around(grant.account, verb)
			if bytes.Equal(before, after) {
				continue
			}
			changes = append(changes, VisibilityChange{other, id, Audience{Before: keyIn(grant.role, before), After: keyIn(grant.role, after)}})
		}
	}
	return changes
}

// around returns a field's value before and after the change; nil where the document doesn't exist.
func (e Envelope) around(field, verb string) (before, after json.RawMessage) {
	before, after = e.State[field], e.State[field]
	for _, change := range e.Changes {
		if change.Field == field {
			before = change.From
		}
	}
	switch verb {
	case Created:
		before = nil
	case Deleted:
		after = nil
	}
	return before, after
}

// keyIn returns the key of the account with the id in a JSON value, if there is one.
func keyIn(role auth.Role, value json.RawMessage) []auth.AudienceKey {
	var id *store.ID
	if value == nil || json.Unmarshal(value, &id) != nil || id == nil {
		return nil
	}
	return []auth.AudienceKey{auth.AccountKey(role, *id)}
}
