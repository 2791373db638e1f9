package resolvers_test

import (
	"slices"
	"strconv"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestWindows checks that after and before together limit a list at both ends, as Relay specifies, for every viewer.
func TestWindows(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		for _, l := range s.listings() {
			switch l.name {
			case "customers by three keys", "users by age for one of them", "a customer's interactions", "tickets by priority and age":
			default:
				continue
			}
			t.Run(l.name, func(t *testing.T) {
				s := s.in(t)
				whole := s.page(l, variables{"first": 100})
				n := len(whole.ids)
				for _, window := range [][2]int{{0, n - 1}, {1, 4}, {2, 3}, {3, 3}, {5, 2}, {-1, 3}, {3, n}} {
					after, before := window[0], window[1]
					pageArgs := variables{}
					if after >= 0 {
						pageArgs["after"] = whole.cursors[after]
					}
					if before < n {
						pageArgs["before"] = whole.cursors[before]
					}
					want := whole.ids[min(after+1, max(before, 0)):max(before, 0)]
					for _, size := range []int{0, 1, 2, 100} {
						forth := s.page(l, with(pageArgs, variables{"first": size}))
						if cut := want[:min(size, len(want))]; !slices.Equal(forth.ids, cut) || forth.hasNext != (size < len(want)) || forth.hasPrevious != (after >= 0) {
							t.Errorf("first %d between %d and %d is %+v, want %q of %q", size, after, before, forth, cut, want)
						}
						back := s.page(l, with(pageArgs, variables{"last": size}))
						if cut := want[len(want)-min(size, len(want)):]; !slices.Equal(back.ids, cut) || back.hasPrevious != (size < len(want)) || back.hasNext != (before < n) {
							t.Errorf("last %d between %d and %d is %+v, want %q of %q", size, after, before, back, cut, want)
						}
					}
					if got := s.page(l, with(variables{"after": "", "before": ""}, pageArgs)); !slices.Equal(got.ids, want) {
						t.Errorf("between %d and %d is %q, want %q", after, before, got.ids, want)
					}
				}
			})
		}
	})
}

// TestPagesWhileOthersWrite checks that cursors remain valid during inserts, updates and deletions: elements that keep their
// place are neither repeated nor missed.
func TestPagesWhileOthersWrite(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		stored := 0
		store := func(name string) string {
			stored++
			id := store.DerivedID(name, strconv.Itoa(stored))
			s.seed(db.Customers.Collection, fields{
				"_id": id, "name": name, "name_key": name, "email": id.String(), "email_key": id.String(),
				"created_at": day(1), "updated_at": day(1),
			})
			return db.KindCustomer.GlobalID(id)
		}
		var stay []string
		for _, name := range []string{"b", "d", "f", "h"} {
			for range 3 {
				stay = append(stay, store(name))
			}
		}
		l := listing{token: admin.token, field: "customers", path: "customers", kind: db.KindCustomer, order: []orderKey{{name: "NAME"}}}
		for _, backward := range []bool{false, true} {
			var seen, late []string
			pageArgs := variables{"first": 2}
			if backward {
				pageArgs = variables{"last": 2}
			}
			for n := 0; ; n++ {
				p := s.page(l, pageArgs)
				seen = append(seen, p.ids...)
				if more := p.hasNext && !backward || p.hasPrevious && backward; !more {
					break
				}
				pageArgs["after"], pageArgs["before"] = last(p.cursors), nil
				if backward {
					pageArgs["after"], pageArgs["before"] = nil, first(p.cursors)
				}
				// Insert before and after the page, among ties of its elements, a limited number of times.
				if n < 4 {
					for _, name := range []string{"a", "z", "d", "f"} {
						late = append(late, store(name))
					}
				}
				if gone := late[0]; n == 2 {
					s.must(admin.token, `mutation($id: ID!) { deleteCustomer(input: {id: $id}) { deletedId } }`, variables{"id": gone})
				}
			}
			sorted := slices.Sorted(slices.Values(seen))
			if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
				t.Errorf("backwards: %t: an element was repeated: %q", backward, seen)
			}
			for _, id := range stay {
				if !slices.Contains(seen, id) {
					t.Errorf("backwards: %t: %s was always there and is missing: %q", backward, id, seen)
				}
			}
			stay = slices.DeleteFunc(append(stay, late...), func(id string) bool { return id == late[0] })
		}
	})
}

// TestCursorOfDeletedElement checks that a cursor is a position, which remains valid after its element is deleted.
func TestCursorOfDeletedElement(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		_, customers, _, _ := s.seedPages(admin)
		l := listing{token: admin.token, field: "customers", path: "customers", kind: db.KindCustomer, order: []orderKey{{name: "EMAIL"}}, docs: customers}
		whole := s.page(l, variables{"first": 100})
		s.must(admin.token, `mutation($id: ID!) { deleteCustomer(input: {id: $id, cascade: true}) { deletedId } }`, variables{"id": whole.ids[4]})
		if got := s.page(l, variables{"first": 2, "after": whole.cursors[4]}); !slices.Equal(got.ids, whole.ids[5:7]) {
			t.Errorf("after the deleted element come %q, want %q", got.ids, whole.ids[5:7])
		}
		if got := s.page(l, variables{"last": 2, "before": whole.cursors[4]}); !slices.Equal(got.ids, whole.ids[2:4]) {
			t.Errorf("before the deleted element come %q, want %q", got.ids, whole.ids[2:4])
		}
	})
}

// TestTotalCount checks that it counts the matches on all pages, whatever page is requested.
func TestTotalCount(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		_, customers, _, _ := s.seedPages(admin)
		cursor := s.must(admin.token, `{ customers(first: 3) { pageInfo { endCursor } } }`, nil).at("customers.pageInfo.endCursor")
		a := s.must(admin.token, `query($cursor: String, $first: ID!) {
			all: customers { totalCount } some: customers(first: 2, after: $cursor, where: {name: {in: ["ANN", "bob"]}}) { totalCount nodes { id } }
			none: customers(where: {or: []}) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
			node(id: $first) { ... on Customer { interactions(first: 1, where: {title: {eq: "ann"}}) { totalCount nodes { tickets(last: 1) { totalCount } } } } }
			customers(first: 3, orderBy: {field: EMAIL}) { nodes { tickets(where: {priority: {gte: HIGH}}) { totalCount } } } }`,
			variables{"cursor": cursor, "first": db.KindCustomer.GlobalID(customers[0].id())})
		for path, want := range map[string]any{
			"all.totalCount": 13.0, "some.totalCount": 7.0, "some.nodes.2": nil,
			"none.totalCount": 0.0, "none.nodes.0": nil, "none.pageInfo.hasNextPage": false, "none.pageInfo.startCursor": nil,
			"node.interactions.totalCount": 3.0, "node.interactions.nodes.0.tickets.totalCount": 7.0,
			"customers.nodes.0.tickets.totalCount": 2.0, "customers.nodes.2.tickets.totalCount": 0.0,
		} {
			if got := a.at(path); got != want {
				t.Errorf("%s is %v, want %v", path, got, want)
			}
		}
	})
}
