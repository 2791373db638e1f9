package entity

import (
	"context"
	"slices"

	"crm/auth"
	"crm/db/store"
)

// Grant says who may see a document. Both the filter of queries and the keys of those who see a given document are
// derived from it, so they can't drift apart.
type Grant struct {
	role auth.Role
	// field names the field with the account that may see the document; it is empty if everybody with the role may.
	field string
	// through is the type of the documents whose field refers to this one.
	through string
	// account names the field of those documents that holds the account; if it is empty, all that the account sees count.
	account string
	// conditions are what a document must fulfil.
	conditions []condition
	// unverified says that the grant holds for accounts that have yet to prove their address, too.
	unverified bool
	// option is the name by which an operator can withdraw the grant; it is empty for one that always holds.
	option string
}

// condition compares a document's field with a value.
type condition struct {
	field string
	value any
	// unequal says that the field must have another value, or none.
	unequal bool
}

// Unless excepts documents whose field, a Boolean, is true.
func (g Grant) Unless(field string) Grant { return g.with(condition{field, true, true}) }

// If restricts the grant to documents whose field has that value.
func (g Grant) If(field string, value any) Grant { return g.with(condition{field, value, false}) }

// Optional lets Catalog.Without withdraw the grant, by that name.
func (g Grant) Optional(name string) Grant {
	g.option = name
	return g
}

// EvenUnverified extends the grant to accounts that have yet to prove their address.
func (g Grant) EvenUnverified() Grant {
	g.unverified = true
	return g
}

func (g Grant) with(c condition) Grant {
	g.conditions = append(slices.Clone(g.conditions), c)
	return g
}

// ToStaff lets every user see the document.
func ToStaff() Grant { return Grant{role: auth.User} }

// ToUser lets the user whose id is in the field see the document.
func ToUser(field string) Grant { return Grant{role: auth.User, field: field} }

// ToCustomer lets the customer whose id is in the field see the document.
func ToCustomer(field string) Grant { return Grant{role: auth.Customer, field: field} }

// ToCustomerThrough lets a customer see a document if they see one of another type whose field refers to it.
func ToCustomerThrough(typeName, field string) Grant {
	return Grant{role: auth.Customer, through: typeName, field: field}
}

// ToUserThrough lets a user see a document if one of another type refers to it by its field, and names the user in its field
// account.
func ToUserThrough(typeName, field, account string) Grant {
	return Grant{role: auth.User, through: typeName, field: field, account: account}
}

// scopeOf returns the filter that narrows every query of an entity to the documents that a scope sees.
func (c *Catalog) scopeOf(d *Definition, scope auth.Scope) store.Filter {
	if scope.SeesAll() {
		return store.Filter{}
	}
	var seen []store.Filter
	for _, grant := range d.Visible {
		if grant.role != scope.Role || c.isWithdrawn(grant) || scope.Unverified && !grant.unverified {
			continue
		}
		granted := c.granted(grant, scope)
		if granted.Op == store.OpAll {
			return granted
		}
		seen = append(seen, granted)
	}
	if len(seen) == 1 {
		return seen[0]
	}
	return store.Or(seen...)
}

// granted returns the filter of the documents that a grant lets the scope see.
func (c *Catalog) granted(grant Grant, scope auth.Scope) store.Filter {
	var granted store.Filter
	switch {
	case grant.through != "":
		other := c.byType[grant.through]
		seen := c.scopeOf(other, scope)
		if grant.account != "" {
			seen = store.Eq(grant.account, store.ID(scope.Account))
		}
		granted = store.InQuery("_id", other.Collection, grant.field, seen)
	case grant.field != "":
		granted = store.Eq(grant.field, store.ID(scope.Account))
	}
	for _, condition := range grant.conditions {
		op := store.OpEq
		if condition.unequal {
			op = store.OpNe // also matches documents that lack the field
		}
		granted = store.And(granted, store.Compare(op, condition.field, condition.value))
	}
	return granted
}

// isWithdrawn reports whether the operator has withdrawn a grant.
func (c *Catalog) isWithdrawn(grant Grant) bool {
	return grant.option != "" && slices.Contains(c.withdrawn, grant.option)
}

// Narrow restricts the filter, and its conditions on other collections, to documents that the scope sees, so that
// nothing hidden can be discovered by filtering for it.
func (c *Catalog) Narrow(scope auth.Scope, d *Definition, where store.Filter) (store.Filter, error) {
	narrowed, err := c.narrowConditions(scope, d, where)
	if err != nil {
		return store.Filter{}, err
	}
	return store.And(c.scopeOf(d, scope), narrowed), nil
}

func (c *Catalog) narrowConditions(scope auth.Scope, d *Definition, where store.Filter) (store.Filter, error) {
	switch by := d.Restricted[where.Field]; {
	case by == auth.Admin && !scope.SeesAll():
		return store.Filter{}, store.FieldError(store.Forbidden, where.Path, "only an admin may filter %ss by this", d.Noun)
	case by == auth.User && !scope.IsStaff():
		return store.Filter{}, store.FieldError(store.Forbidden, where.Path, "only staff may filter %ss by this", d.Noun)
	}
	if where.Query != nil {
		inner, err := c.Narrow(scope, c.byCollection[where.Query.Collection], where.Query.Where)
		if err != nil {
			return store.Filter{}, err
		}
		where.Query = &store.Subquery{Collection: where.Query.Collection, Select: where.Query.Select, Where: inner}
	}
	if len(where.Filters) > 0 {
		narrowed := make([]store.Filter, len(where.Filters))
		for i, filter := range where.Filters {
			var err error
			if narrowed[i], err = c.narrowConditions(scope, d, filter); err != nil {
				return store.Filter{}, err
			}
		}
		where.Filters = narrowed
	}
	return where, nil
}

// Audience returns the keys of the accounts and groups that see a document of an entity.
func (c *Catalog) Audience(d *Definition, doc store.Document) []auth.AudienceKey {
	return c.audience(d, doc.Pointers(nil))
}

// Sees reports whether a scope sees a document of an entity. Grants through other documents don't count.
func (c *Catalog) Sees(scope auth.Scope, d *Definition, doc store.Document) bool {
	return scope.SeesAll() || auth.ShareKey(scope.AudienceKeys(), c.Audience(d, doc))
}

// audience is Audience for a document's pointers. A grant through other documents contributes no key; see keysThrough.
func (c *Catalog) audience(d *Definition, pointers []any) []auth.AudienceKey {
	keys := make([]auth.AudienceKey, 0, len(d.Visible))
	for _, grant := range d.Visible {
		if grant.through != "" || c.isWithdrawn(grant) || d.hides(grant, pointers) {
			continue
		}
		key := auth.StaffKey
		if grant.field != "" {
			account, ok := store.ValueAt(pointers[d.FieldIndex(grant.field)]).(store.ID)
			if !ok || account.IsZero() {
				continue
			}
			key = auth.AccountKey(grant.role, account)
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// hides reports whether a document is excepted from a grant.
func (d *Definition) hides(grant Grant, pointers []any) bool {
	return slices.ContainsFunc(grant.conditions, func(c condition) bool {
		return (store.ValueAt(pointers[d.FieldIndex(c.field)]) == c.value) == c.unequal
	})
}

// keysThrough returns the keys of the accounts that see the document with that id through others.
func (d *Database) keysThrough(ctx context.Context, def *Definition, id store.ID) ([]auth.AudienceKey, error) {
	var keys []auth.AudienceKey
	for _, grant := range def.Visible {
		if grant.account == "" {
			continue
		}
		accounts, err := d.repositories[d.Catalog.byType[grant.through].Collection].accountsOf(ctx, store.Eq(grant.field, id), grant.account)
		if err != nil {
			return nil, err
		}
		for _, account := range accounts {
			keys = append(keys, auth.AccountKey(grant.role, account))
		}
	}
	return keys, nil
}

// accountsOf returns the accounts that a field of the documents that match holds.
func (r *Repository[T]) accountsOf(ctx context.Context, where store.Filter, field string) ([]store.ID, error) {
	found, err := r.Find(ctx, store.Query{
		Where: store.And(where, store.Not(store.IsNull(field))), Fields: r.def.Select(field),
	})
	var accounts []store.ID
	for _, doc := range found {
		account, _ := store.ValueAt(r.document(doc).Pointers(nil)[r.def.FieldIndex(field)]).(store.ID)
		if !account.IsZero() && !slices.Contains(accounts, account) {
			accounts = append(accounts, account)
		}
	}
	return accounts, err
}
