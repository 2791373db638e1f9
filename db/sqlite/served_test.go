package sqlite_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"crm/db"
	"crm/db/sqlite"
	"crm/db/store"
	"crm/db/textkey"
)

// everyList queries all lists at the root as a viewer with a role, with these conditions in every order.
func (p *planned) everyList(role string, conditions func(kind string) map[string]expectation) {
	p.t.Helper()
	for list, kind := range lists {
		for condition, want := range conditions(kind) {
			for _, order := range p.orders(kind) {
				p.check(role, fmt.Sprintf("{ %s(where: {%s}, orderBy: [%s]) { nodes { id } totalCount } }", list, condition, order), want)
			}
		}
	}
}

func TestEveryFilterAndOrderIsServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	p.everyList("ADMIN", p.conditions)
}

// TestUpgradeIsServedByAnIndex checks what the upgrade asks of a store that is up to date, so that a start doesn't read all documents.
func TestUpgradeIsServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	upgrade := func() {
		if err := db.New(p.store, nil, db.Options{}).Upgrade(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	upgrade()
	p.checkStatements(found, "an upgrade", upgrade)
}

// TestListOfWhatLacksAValue lists the customers without a company by their update. As long as they are few, they are found and sorted;
// with one more, the list is read in its order.
func TestListOfWhatLacksAValue(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	const query = `{ customers(where: {company: {isNull: true}}, orderBy: [{field: UPDATED_AT, direction: ASC}], first: 5) { nodes { id } } }`
	enter := func(n int) {
		for range n {
			customer := &db.Customer{ID: store.NewID(), Name: "Ann", Version: 1}
			customer.SetKeys(textkey.Default())
			if err := p.store.Insert(t.Context(), db.Customers.Collection, customer); err != nil {
				t.Fatal(err)
			}
		}
	}
	enter(sqlite.MaxNulls)
	p.check("ADMIN", query, found)
	enter(1)
	p.check("ADMIN", query, walked)
}

// TestFiltersThatMatchMany makes the server treat any number of documents as many: the lists are read in their order.
func TestFiltersThatMatchMany(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	p.store.SetMaxSorted(-1)
	p.everyList("ADMIN", func(kind string) map[string]expectation {
		conditions := p.conditions(kind)
		for condition := range conditions {
			// An id finds one document.
			if !strings.HasPrefix(condition, "id: ") {
				conditions[condition] = walked
			}
		}
		return conditions
	})
	p.everyList("USER", func(string) map[string]expectation { return map[string]expectation{"": walked} })
}

// TestTagsThatManyHave filters by a tag that any number of tickets have: the tags of each ticket of the page are looked up, and no
// list of all tickets with the tag is made.
func TestTagsThatManyHave(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	p.store.SetMaxSorted(-1)
	for _, order := range p.orders("Ticket") {
		for _, condition := range []string{`some: {name: {eq: "vip"}}`, `none: {name: {eq: "vip"}}`, `some: {}`} {
			query := fmt.Sprintf("{ tickets(where: {tags: {%s}}, orderBy: [%s]) { nodes { id } } }", condition, order)
			p.check("ADMIN", query, walked)
			p.store.TakeStatements()
			p.ask(p.tokens["ADMIN"], query)
			for _, statement := range p.store.TakeStatements() {
				if strings.Contains(statement, `SELECT "ticket_id"`) {
					t.Errorf("%s lists what has the tag: %s", query, statement)
				}
			}
		}
	}
}

// TestScopesAreServedByAnIndex reads every list with every role that sees a part of it.
func TestScopesAreServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	for _, role := range []string{"USER", "CUSTOMER"} {
		p.everyList(role, func(kind string) map[string]expectation {
			switch {
			case role == "CUSTOMER" && (kind == "CustomerNote" || kind == "Tag"):
				return nil // forbidden
			case role == "CUSTOMER":
				return map[string]expectation{"": found, `not: {id: {in: []}}`: found}
			}
			wholeToStaff := map[string]expectation{"": walked, `name: {contains: "ann"}`: found}
			switch kind {
			case "User", "Customer", "Tag":
				return wholeToStaff
			case "CustomerNote":
				return map[string]expectation{"": walked, "pinned: true": walked}
			}
			return map[string]expectation{"": found, `createdAt: {gte: "2020-01-01T00:00:00Z"}`: found, `status: {notIn: []}`: found}
		})
	}
}

// TestPagesAreServedByAnIndex reads pages from a cursor, in either direction and between two, in orders of one or two
// keys.
func TestPagesAreServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	for list, kind := range lists {
		orders := p.orders(kind)
		for _, first := range orders[1:] {
			for _, second := range orders {
				p.page(list, "["+first+second+"]")
			}
		}
	}
}

func (p *planned) page(list, order string) {
	p.t.Helper()
	key := strings.Fields(order[1:])[1]
	second := strings.Contains(order, "}{") && !strings.Contains(order, "field: CREATED_AT")
	if strings.Count(order, key) > 1 || (key == "PRIORITY," || key == "PINNED,") && second {
		return // refused: a duplicate key, and a key after a low-cardinality one
	}
	answer := p.ask(p.tokens["ADMIN"], fmt.Sprintf("{ %s(orderBy: %s) { pageInfo { endCursor } } }", list, order))
	cursor := answer[list].(map[string]any)["pageInfo"].(map[string]any)["endCursor"]
	for _, page := range []string{"first: 5", "last: 5", "first: 5, after: %[1]q", "last: 5, before: %[1]q", "after: %[1]q, before: %[1]q"} {
		if strings.Contains(page, "%") {
			page = fmt.Sprintf(page, cursor)
		}
		p.check("ADMIN", fmt.Sprintf("{ %s(%s, orderBy: %s) { nodes { id } } }", list, page, order), walked)
	}
}

// TestNestedListsAreServedByAnIndex reads every list of a document, in every order.
func TestNestedListsAreServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	for list, kind := range lists {
		for _, field := range p.schema.Types[kind].Fields {
			child, isList := strings.CutSuffix(field.Type.Name(), "Connection")
			if !isList {
				continue
			}
			orders, conditions := []string{""}, map[string]expectation{"": found}
			if child != "Delivery" {
				orders, conditions = p.orders(child), p.conditions(child)
				conditions[""] = found
			}
			for condition := range conditions {
				for _, order := range orders {
					arguments := ""
					if child != "Delivery" {
						arguments = fmt.Sprintf("(where: {%s}, orderBy: [%s])", condition, order)
					}
					p.check("ADMIN", fmt.Sprintf("{ %s { nodes { %s%s { nodes { id } totalCount } } } }", list, field.Name, arguments), walkedAbove)
				}
			}
		}
	}
}

// TestConflictsAreServedByAnIndex reads what is at the same time as the interactions of a page.
func TestConflictsAreServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	for role := range p.tokens {
		p.check(role, "{ interactions { nodes { conflicts { id } } } }", walkedAbove)
	}
}

// TestCombinationsAreServedByAnIndex checks combined conditions: all of several, one of several, none, and those on the
// target of a reference.
func TestCombinationsAreServedByAnIndex(t *testing.T) {
	t.Parallel()
	p := servePlanned(t)
	id := db.KindCustomer.GlobalID(store.NewID())
	const since = `createdAt: {gte: "2020-01-01T00:00:00Z"}`
	cases := map[string]map[string]expectation{
		"tickets": {
			`status: {eq: OPEN}, priority: {eq: URGENT}`:                                            walked,
			`status: {in: [OPEN, RESOLVED]}`:                                                        walked,
			`status: {eq: OPEN}, customerId: {eq: "` + id + `"}`:                                    found,
			`or: [{status: {eq: OPEN}}, {customerId: {eq: "` + id + `"}}]`:                          walked,
			`or: [{interaction: {title: {eq: "a"}}}, {customerId: {eq: "` + id + `"}}]`:             found,
			`or: [{and: [{status: {eq: OPEN}}, {customerId: {eq: "` + id + `"}}]}, {id: {in: []}}]`: found,
			`not: {customerId: {eq: "` + id + `"}}`:                                                 walked,
			`not: {customer: {company: {eq: "TCS"}}}`:                                               walked,
			`customer: {company: {eq: "TCS"}}`:                                                      found,
			`customer: {company: {contains: "TCS"}}, status: {ne: OPEN}`:                            found,
			`customer: {company: {isNull: true}}`:                                                   walked,
			`interaction: {status: {eq: DONE}}`:                                                     walked,
			`interaction: {user: {name: {startsWith: "a"}}}`:                                        found,
			`interaction: {user: {role: {eq: ADMIN}}}`:                                              walked,
			`assignee: {email: {eq: "a@example.com"}}`:                                              found,
			`assigneeId: {isNull: false}`:                                                           walked,
			since + `, status: {eq: OPEN}`:                                                          walkedBetween,
			`tags: {some: {name: {eq: "vip"}}}`:                                                     found,
			`tags: {some: {name: {eq: "vip"}}}, status: {eq: OPEN}`:                                 found,
			`tags: {none: {name: {eq: "vip"}}}`:                                                     walked,
			`tags: {some: {name: {eq: "vip"}}, none: {name: {eq: "spam"}}}`:                         found,
			`customer: {tags: {some: {name: {eq: "vip"}}}}`:                                         found,
		},
		"interactions": {
			`startTime: {gte: "2020-01-01T00:00:00Z", lt: "2021-01-01T00:00:00Z"}, status: {eq: PLANNED}`: walkedBetween,
			`title: {contains: "demo"}, kind: {ne: TASK}`:                                                 found,
			`customer: {email: {eq: "r@example.com"}}, user: {name: {eq: "Ann"}}`:                         found,
		},
		"customers": {
			`name: {startsWith: "a"}, company: {eq: "TCS"}`:         found,
			`or: [{name: {contains: "ann"}}, {email: {eq: "ann"}}]`: found,
			`or: [{company: {isNull: true}}, {email: {eq: "ann"}}]`: walked,
			`not: {name: {contains: "ann"}}`:                        walked,
			`interactions: {some: {title: {contains: "demo"}}}`:     found,
			`interactions: {none: {title: {contains: "demo"}}}`:     walked,
			`interactions: {some: {status: {eq: PLANNED}}}`:         walked,
			`tickets: {some: {assignee: {name: {eq: "Ann"}}}}`:      found,
			`tickets: {none: {status: {ne: CLOSED}}}`:               walked,
		},
	}
	for list, conditions := range cases {
		p.everyList("ADMIN", func(kind string) map[string]expectation {
			if lists[list] != kind {
				return nil
			}
			return conditions
		})
	}
}
