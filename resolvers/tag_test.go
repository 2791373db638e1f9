package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// vip is a tag by uma, on leak and on cleo.
var _ = inMatrix(
	func(w *world) {
		w.tag("uma", "vip")
		for _, of := range []string{"leak", "cleo"} {
			w.addTags("uma", of, "vip")
		}
	},
	[]row{
		{"node", given("id", "vip"), [6]string{anon, hide, hide, "vip", "vip", "vip"}},
		{"tag", given("id", "vip"), [6]string{anon, deny, deny, "vip", "vip", "vip"}},
		{"tags", noInput, [6]string{anon, deny, deny, "vip", "vip", "vip"}},
	},
	nil,
	[]row{
		{"createTag", newTag, [6]string{anon, deny, deny, okay, okay, okay}},
		{"updateTag", onTag.with("color", "#ff0000"), [6]string{anon, deny, deny, deny, deny, okay}},
		{"deleteTag", onTag, [6]string{anon, deny, deny, deny, deny, okay}},
		{"addTags", withTag(onTicket), [6]string{anon, deny, deny, okay, hide, okay}},
		{"addTags", withTag(onQueued), [6]string{anon, deny, deny, okay, okay, okay}},
		{"addTags", withTag(given("id", "cleo")), [6]string{anon, deny, deny, okay, okay, okay}},
		{"removeTags", withTag(onTicket), [6]string{anon, deny, deny, okay, hide, okay}},
		{"removeTags", withTag(onQueued), [6]string{anon, deny, deny, okay, okay, okay}},
		{"removeTags", withTag(given("id", "cato")), [6]string{anon, deny, deny, okay, okay, okay}},
	},
)

// The differential tests read some tags.
var _ = alsoSeeded(seed{
	kind: db.KindTag, some: 12, list: "tags", staffOnly: true,
	insert: func(s *seeder, i int) {
		tag := seededID(db.KindTag, i)
		s.insert(db.Tags.Collection, fields{
			"_id": tag, "name": textAt(i), "color": fmt.Sprintf("#%06x", i), "created_at": momentAt(i), "updated_at": momentAt(i + 1),
			"version": 1, "name_fold": fmt.Sprint(i), "name_key": fmt.Sprint(i % 5), "name_order": fmt.Sprint(i % 7),
		})
		for n := range i {
			tagging := fields{"_id": store.DerivedID("tagging", fmt.Sprint(i, n)), "tag_id": tag, "created_at": momentAt(n)}
			if n%2 == 0 {
				tagging["ticket_id"] = seededID(db.KindTicket, n*i%someTickets)
			} else {
				tagging["customer_id"] = seededID(db.KindCustomer, n%someCustomers)
			}
			s.insert(db.Taggings.Collection, tagging)
		}
	},
})

var newTag = input(func(c *cell) variables { return variables{"name": fmt.Sprintf("new %d", c.made.Add(1))} })

// onTag returns the id of a new tag.
var onTag = input(func(c *cell) variables {
	tag, err := c.s.db.CreateTag(c.s.t.Context(), c.scopeOf("uma"), db.NewTag{Name: newTag(c)["name"].(string), Color: "#000000"})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": tag.GlobalID()}
})

// withTag adds the id of vip.
func withTag(in input) input {
	return func(c *cell) variables { return in.with("tagIds", []string{c.ids["vip"]})(c) }
}

const (
	createTag  = `mutation($in: CreateTagInput!) { createTag(input: $in) { tag { id name color version } } }`
	addTags    = `mutation($in: AddTagsInput!) { addTags(input: $in) { tagged { ... on Ticket { tags { name } } ... on Customer { tags { name } } } } }`
	removeTags = `mutation($in: RemoveTagsInput!) { removeTags(input: $in) { tagged { ... on Ticket { tags { name } } ... on Customer { tags { name } } } } }`
)

// tag creates a tag with its name in the world.
func (w *world) tag(by, name string) {
	w.s.t.Helper()
	w.ids[name] = w.s.must(w.people[by].token, createTag, variables{"in": variables{"name": name}}).text("createTag.tag.id")
}

// addTags puts tags on something.
func (w *world) addTags(by, of string, tags ...string) answer {
	w.s.t.Helper()
	return w.s.must(w.people[by].token, addTags, variables{"in": w.tagging(of, tags...)})
}

func (w *world) tagging(of string, tags ...string) variables {
	ids := make([]string, len(tags))
	for i, tag := range tags {
		ids[i] = w.ids[tag]
	}
	return variables{"id": w.ids[of], "tagIds": ids}
}

// TestTags tags tickets and customers, and finds them by their tags.
func TestTags(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for _, tag := range []string{"billing", "Ärger", "item 10", "item 9"} {
			w.tag("otto", tag)
		}
		before := s.must(w.people["uma"].token, worldQuery(w, `ticket(id: $leak) { version updatedAt } customer(by: {id: $cleo}) { version updatedAt }`), w.variables())
		const want = `"tags":[{"name":"Ärger"},{"name":"item 9"},{"name":"item 10"},{"name":"vip"}]`
		if a := w.addTags("uma", "leak", "item 10", "Ärger", "vip", "item 9", "item 9"); !strings.Contains(a.raw, want) {
			t.Errorf("adding tags answers %s, want %s", a.raw, want)
		}
		w.addTags("otto", "noise", "billing")
		if after := s.must(w.people["uma"].token, worldQuery(w, `ticket(id: $leak) { version updatedAt } customer(by: {id: $cleo}) { version updatedAt }`), w.variables()); after.raw != before.raw {
			t.Errorf("tags change %s to %s", before.raw, after.raw)
		}
		find := func(want map[string]string) {
			t.Helper()
			for selection, names := range want {
				a := s.must(w.people["ada"].token, "{ "+selection+" { nodes { id } totalCount } }", nil)
				if got := w.namesIn(a.Data); got != names {
					t.Errorf("%s finds %q, want %q", selection, got, names)
				}
				checkCounts(t, selection, a.Data)
			}
		}
		find(map[string]string{
			`tickets(where: {tags: {some: {name: {eq: "VIP"}}}})`:                                           "leak",
			`tickets(where: {tags: {some: {name: {startsWith: "b"}}}})`:                                     "noise",
			`tickets(where: {tags: {some: {name: {in: ["vip", "billing"]}}}})`:                              "leak noise",
			`tickets(where: {tags: {some: {name: {eq: "vip"}}, none: {name: {contains: "rge"}}}})`:          "",
			`tickets(where: {tags: {none: {name: {eq: "vip"}}}})`:                                           "noise",
			`tickets(where: {tags: {none: {}}})`:                                                            "",
			`tickets(where: {not: {tags: {some: {id: {eq: "` + w.ids["vip"] + `"}}}}})`:                     "noise",
			`tickets(where: {customer: {tags: {some: {name: {eq: "vip"}}}}})`:                               "leak",
			`tickets(where: {or: [{tags: {some: {name: {eq: "billing"}}}}, {number: {lt: 0}}]})`:            "noise",
			`customers(where: {tags: {some: {name: {eq: "vip"}}}})`:                                         "cleo",
			`customers(where: {tickets: {some: {tags: {some: {name: {eq: "billing"}}}}}})`:                  "cato",
			`tags(where: {name: {contains: "ITE"}})`:                                                        "item 10 item 9",
			`tickets(where: {status: {eq: OPEN}, tags: {some: {}}}, orderBy: {field: PRIORITY})`:            "leak noise",
			`users(where: {tickets: {some: {tags: {some: {name: {eq: "billing"}}}}}})`:                      "otto",
			`interactions(where: {tickets: {none: {tags: {some: {not: {name: {eq: "billing"}}}}}}})`:        "call",
			`tickets(where: {tags: {some: {and: [{name: {startsWith: "item"}}, {name: {ne: "item 9"}}]}}})`: "leak",
		})
		list := s.must(w.people["uma"].token, `{ tags { nodes { name } } last: tags(last: 1, orderBy: {field: NAME, direction: DESC}) { nodes { name } }
			tickets { nodes { title tags { name color } customer { tags { id } } } } }`, nil)
		if !strings.Contains(list.raw, `[{"name":"Ärger"},{"name":"billing"},{"name":"item 9"},{"name":"item 10"},{"name":"vip"}]`) || list.text("last.nodes.0.name") != "Ärger" {
			t.Errorf("the tags are listed as %s", list.raw)
		}
		if calls := list.Extensions.Cost.StoreCalls; calls != 8 { // twice tags, tickets, customers, and two for each list of tags
			t.Errorf("the tags of tickets and customers take %d calls", calls)
		}

		// A new name is found at once, and taking a tag off and putting it on again leaves it there.
		s.must(w.people["ada"].token, worldMutation(w, `updateTag(input: {id: $vip, expectedVersion: 1, name: "important", color: "#C2410C"}) { tag { color version } }`), w.variables())
		find(map[string]string{`tickets(where: {tags: {some: {name: {eq: "important"}}}})`: "leak", `customers(where: {tags: {some: {name: {eq: "vip"}}}})`: ""})
		off := s.must(w.people["uma"].token, removeTags, variables{"in": w.tagging("leak", "vip", "item 9", "billing")})
		if want := `"tags":[{"name":"Ärger"},{"name":"item 10"}]`; !strings.Contains(off.raw, want) {
			t.Errorf("taking tags off answers %s, want %s", off.raw, want)
		}
		w.addTags("uma", "leak", "vip")
		find(map[string]string{`tickets(where: {tags: {some: {name: {eq: "important"}}}})`: "leak"})

		// What is deleted leaves no tagging behind.
		s.must(w.people["ada"].token, worldMutation(w, `deleteTag(input: {id: $vip, expectedVersion: 2}) { deletedId }`), w.variables())
		find(map[string]string{`tickets(where: {tags: {some: {name: {contains: "rger"}}}})`: "leak", `customers(where: {tags: {some: {}}})`: ""})
		s.must(w.people["ada"].token, worldMutation(w, `deleteTicket(input: {id: $leak}) { deletedId }`), w.variables())
		w.addTags("uma", "cato", "Ärger")
		s.must(w.people["ada"].token, worldMutation(w, `deleteCustomer(input: {id: $cato, cascade: true}) { deletedId }`), w.variables())
		if n, err := s.store.Count(t.Context(), db.Taggings.Collection, store.Filter{}); err != nil || n != 0 {
			t.Errorf("%d taggings are left: %v", n, err)
		}
	})
}

// TestTagsAreHiddenFromCustomers tries every way in which a customer could learn of a tag.
func TestTagsAreHiddenFromCustomers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		cleo := w.people["cleo"]
		runBroker(t, s.db)
		s.settle()
		changed := s.subscribe(cleo, ticketChanges, nil)
		tagged := s.subscribe(cleo, `subscription { ticketChanged(where: {tags: {some: {}}}) { kind } }`, nil)
		w.tag("uma", "difficult")
		w.addTags("uma", "cleo", "difficult")
		w.addTags("uma", "leak", "difficult")
		for selection, want := range map[string]string{
			`tickets(where: {tags: {some: {name: {eq: "difficult"}}}}) { nodes { id } totalCount }`:                      "",
			`tickets(where: {tags: {some: {}}}) { nodes { id } totalCount }`:                                             "",
			`tickets(where: {tags: {none: {name: {eq: "difficult"}}}}) { nodes { id } totalCount }`:                      "leak",
			`tickets(where: {not: {tags: {some: {id: {in: [$difficult, $vip]}}}}}) { nodes { id } totalCount }`:          "leak",
			`customers(where: {tags: {some: {}}}) { nodes { id } totalCount }`:                                           "",
			`customers(where: {not: {tickets: {some: {tags: {some: {}}}}}}) { nodes { id } totalCount }`:                 "cleo",
			`interactions(where: {customer: {tags: {some: {name: {eq: "vip"}}}}}) { nodes { id } totalCount }`:           "",
			`users { nodes { tickets(where: {tags: {some: {}}}) { nodes { id } totalCount } } }`:                         "",
			`nodes(ids: [$difficult, $vip]) { id }`:                                                                      "",
			`ticket(id: $leak) { tags { id } }`:                                                                          "",
			`viewer { ... on Customer { tags { id } tickets { nodes { tags { id } customer { tags { id name } } } } } }`: "",
			`node(id: $leak) { ... on Ticket { tags { id } messages { nodes { ticket { tags { id } } } } } }`:            "",
		} {
			a := s.must(cleo.token, worldQuery(w, selection), w.variables())
			if got := w.namesIn(a.Data); got != want {
				t.Errorf("the customer sees %q by %s, want %q", got, selection, want)
			}
			checkCounts(t, selection, a.Data)
		}
		s.refused(cleo.token, `{ tags { totalCount } }`, nil, deny)
		s.refused(cleo.token, worldQuery(w, `tag(id: $vip) { name }`), w.variables(), deny)
		s.refused(cleo.token, addTags, variables{"in": w.tagging("leak", "vip")}, deny)
		// The next change that the customer hears of is another one.
		w.reply("uma", "leak", "answer", nil)
		if got := changed.change(w); got != "REPLIED leak" {
			t.Errorf("after tags the customer first gets %q", got)
		}
		if a := tagged.next(); a.text("ticketChanged.kind") != "REMOVED" { // as of any ticket that doesn't match
			t.Errorf("the customer hears of what is tagged: %s", a.raw)
		}
	})
}

// TestWrongTags sends inputs that are refused.
func TestWrongTags(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.tag("uma", "taken")
		uma, ada := w.people["uma"].token, w.people["ada"].token
		for _, test := range []struct {
			input      variables
			code, path string
		}{
			{variables{"name": "Taken"}, "CONFLICT", "input.name"},
			{variables{"name": " "}, bad, "input.name"},
			{variables{"name": strings.Repeat("x", 51)}, bad, "input.name"},
			{variables{"name": "two\nlines"}, bad, "input.name"},
			{variables{"name": "x", "color": "red"}, bad, "input.color"},
			{variables{"name": "x", "color": "#12345"}, bad, "input.color"},
			{variables{"name": "x", "color": "#000000;background:url(x)"}, bad, "input.color"},
		} {
			if p := s.refused(uma, createTag, variables{"in": test.input}, test.code); p.Extensions.Fields[0].Path != test.path {
				t.Errorf("%v is refused for %s, want %s", test.input, p.Extensions.Fields[0].Path, test.path)
			}
		}
		s.refused(ada, worldMutation(w, `updateTag(input: {id: $vip, name: "TAKEN"}) { tag { id } }`), w.variables(), "CONFLICT")
		s.refused(ada, worldMutation(w, `updateTag(input: {id: $vip, color: null}) { tag { id } }`), w.variables(), bad)
		s.refused(ada, worldMutation(w, `deleteTag(input: {id: $vip, expectedVersion: 7}) { deletedId }`), w.variables(), "CONFLICT")
		w.ids["gone"] = db.KindTag.GlobalID(store.NewID())
		for _, test := range []struct {
			in         variables
			code, path string
		}{
			{w.tagging("leak"), bad, "input.tagIds"},
			{w.tagging("plan", "vip"), bad, "input.id"},
			{w.tagging("vip", "vip"), bad, "input.id"},
			{w.tagging("leak", "vip", "leak"), bad, "input.tagIds.1"},
			{w.tagging("leak", "vip", "gone"), hide, "input.tagIds.1"},
			{w.tagging("noise", "vip"), hide, "input.id"},
		} {
			if p := s.refused(uma, addTags, variables{"in": test.in}, test.code); p.Extensions.Fields[0].Path != test.path {
				t.Errorf("%v is refused for %s, want %s", test.in, p.Extensions.Fields[0].Path, test.path)
			}
		}
		many := make([]string, 50)
		for i := range many {
			many[i] = fmt.Sprint("many ", i)
			w.tag("uma", many[i])
		}
		w.addTags("uma", "cleo", many[:49]...) // with vip, that is the most
		s.refused(uma, addTags, variables{"in": w.tagging("cleo", many[49])}, bad)
		w.addTags("uma", "cleo", many[:10]...)
	})
}

// TestTagsOfMergedTickets merges tickets that have tags: the other ticket has all of them then, and whoever tags the merged one by its id
// tags the other one.
func TestTagsOfMergedTickets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for _, tag := range []string{"a", "b", "c", "d"} {
			w.tag("uma", tag)
		}
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		w.addTags("uma", "lost", "a", "b")
		w.addTags("uma", "again", "b", "c")
		s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		tagged := func(want, step string) {
			t.Helper()
			a := s.must(w.people["uma"].token, `{ tickets(where: {tags: {some: {name: {in: ["a", "b", "c", "d"]}}}}) { nodes { title tags { name } } } }`, nil)
			if !strings.Contains(a.raw, `"nodes":[{"title":"lost","tags":[`+want+`]}]`) {
				t.Errorf("%s, %s have tags, want %s on lost", step, a.raw, want)
			}
		}
		tagged(`{"name":"a"},{"name":"b"},{"name":"c"}`, "after the merge")
		if a := w.addTags("uma", "again", "d"); !strings.Contains(a.raw, `"tags":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]`) {
			t.Errorf("tagging the merged ticket answers %s", a.raw)
		}
		tagged(`{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}`, "after tagging the merged ticket")
		s.must(w.people["uma"].token, removeTags, variables{"in": w.tagging("again", "a", "d")})
		tagged(`{"name":"b"},{"name":"c"}`, "after taking tags off the merged ticket")
	})
}

// TestTagWhileMerging tags the merged ticket at the last moment.
func TestTagWhileMerging(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		engine := &meanwhile{Store: s.store, collection: db.Taggings.Collection}
		w := serve(t, engine, db.Options{}).newWorld()
		w.tag("uma", "late")
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		merge := func() { s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost")) }
		engine.do.Store(&merge)
		if a := w.addTags("uma", "again", "late"); !strings.Contains(a.raw, `"tags":[{"name":"late"}]`) || engine.do.Load() != nil {
			t.Errorf("tagging a ticket that is being merged answers %s", a.raw)
		}
		a := s.must(w.people["uma"].token, `{ tickets(where: {tags: {some: {name: {eq: "late"}}}}) { nodes { title } } }`, nil)
		if !strings.Contains(a.raw, `"nodes":[{"title":"lost"}]`) {
			t.Errorf("%s have the tag", a.raw)
		}
	})
}
