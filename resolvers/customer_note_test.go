package resolvers_test

import (
	"strings"
	"testing"

	"crm/db"
)

// memo is a note by uma on cleo.
var _ = inMatrix(
	func(w *world) {
		w.ids["memo"] = w.s.createNote(w.people["uma"], w.people["cleo"], "memo")
	},
	[]row{
		{"node", given("id", "memo"), [6]string{anon, hide, hide, "memo", "memo", "memo"}},
		{"customerNote", given("id", "memo"), [6]string{anon, deny, deny, "memo", "memo", "memo"}},
		{"customerNotes", noInput, [6]string{anon, deny, deny, "memo", "memo", "memo"}},
	},
	[]row{
		{"customerNoteChanged", noInput, [6]string{anon, deny, deny, "memo", "memo", "memo"}},
	},
	[]row{
		{"createCustomerNote", newNote, [6]string{anon, deny, deny, okay, okay, okay}},
		{"updateCustomerNote", onNote.with("text", "another text"), [6]string{anon, deny, deny, okay, deny, okay}},
		{"deleteCustomerNote", onNote, [6]string{anon, deny, deny, okay, deny, okay}},
	},
)

// The differential tests read some notes.
var _ = alsoSeeded(seed{
	kind: db.KindCustomerNote, some: 15, list: "customerNotes", staffOnly: true,
	insert: func(s *seeder, i int) {
		note := fields{
			"_id": seededID(db.KindCustomerNote, i), "customer_id": seededID(db.KindCustomer, i%someCustomers), "text": textAt(i),
			"pinned": i%3 == 0, "created_at": momentAt(i), "updated_at": momentAt(i + 1), "version": 1,
		}
		if i%4 != 0 {
			note["author_id"] = seededID(db.KindUser, i%(someUsers+1))
		}
		s.insert(db.CustomerNotes.Collection, note)
	},
})

var newNote = input(func(c *cell) variables { return variables{"customerId": c.ids["cleo"], "text": "new"} })

// onNote returns the id of a new note by uma on cleo.
var onNote = input(func(c *cell) variables {
	note, err := c.s.db.CreateCustomerNote(c.s.t.Context(), c.scopeOf("uma"),
		db.NewCustomerNote{CustomerID: c.ids["cleo"], Text: "new"})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": note.GlobalID()}
})

// createNote writes a note and returns its id.
func (s *server) createNote(author, customer account, text string) string {
	s.t.Helper()
	a := s.must(author.token, `mutation($input: CreateCustomerNoteInput!) { createCustomerNote(input: $input) { customerNote { id } } }`,
		variables{"input": variables{"customerId": customer.id, "text": text}})
	return a.text("createCustomerNote.customerNote.id")
}

// TestNotesAreHiddenFromCustomers tries every way in which a customer could see a note.
func TestNotesAreHiddenFromCustomers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		cleo := w.people["cleo"]
		for name, query := range map[string]string{
			"nested":  `query($id: ID!, $memo: ID!) { customer(by: {id: $id}) { notes { nodes { text } totalCount edges { cursor } } } nodes(ids: [$memo]) { id } }`,
			"viewer":  `query($id: ID!, $memo: ID!) { viewer { ... on Customer { notes(where: {author: {name: {eq: "Uma"}}}) { nodes { text } totalCount edges { cursor } } } } nodes(ids: [$memo, $id]) { ... on CustomerNote { text } } }`,
			"through": `query($id: ID!, $memo: ID!) { interactions { nodes { customer { notes { nodes { text } totalCount edges { cursor } } } } } nodes(ids: [$memo, $id]) { ... on CustomerNote { text } } }`,
		} {
			a := s.must(cleo.token, query, variables{"id": cleo.id, "memo": w.ids["memo"]})
			if strings.Contains(a.raw, "memo") || !strings.Contains(a.raw, `"notes":{"nodes":[],"totalCount":0,"edges":[]}`) {
				t.Errorf("%s: the customer got %s", name, a.raw)
			}
		}
		deliveries := s.must(w.people["ada"].token, `{ interactions { nodes { deliveries { nodes { subject } } } } }`, nil)
		if strings.Contains(deliveries.raw, "memo") {
			t.Errorf("a note is mailed: %s", deliveries.raw)
		}
	})
}

// TestNotes follows some notes from their creation to the deletion of their customer.
func TestNotes(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma, cleo := s.hire(ada, "Uma"), s.signUpCustomer("Cleo")
		first := s.createNote(uma, cleo, "first")
		s.createNote(uma, cleo, "second")
		third := s.createNote(ada, cleo, "third")
		s.must(uma.token, `mutation($input: UpdateCustomerNoteInput!) { updateCustomerNote(input: $input) { customerNote { version } } }`,
			variables{"input": variables{"id": first, "expectedVersion": 1, "pinned": true}})

		const list = `query($id: ID!) { customer(by: {id: $id}) { notes { nodes { text pinned author { name } customer { name } } totalCount } } }`
		const want = `{"customer":{"notes":{"nodes":[` +
			`{"text":"first","pinned":true,"author":{"name":"Uma"},"customer":{"name":"Cleo"}},` +
			`{"text":"third","pinned":false,"author":{"name":"Ada"},"customer":{"name":"Cleo"}},` +
			`{"text":"second","pinned":false,"author":{"name":"Uma"},"customer":{"name":"Cleo"}}],"totalCount":3}}`
		if a := s.must(uma.token, list, variables{"id": cleo.id}); !strings.Contains(a.raw, want) {
			t.Errorf("got %s\nwant %s", a.raw, want)
		}
		for _, wrong := range []variables{
			{"customerId": cleo.id, "text": ""}, {"customerId": cleo.id, "text": strings.Repeat("x", 10_001)}, {"customerId": uma.id, "text": "x"},
		} {
			s.refused(uma.token, `mutation($input: CreateCustomerNoteInput!) { createCustomerNote(input: $input) { customerNote { id } } }`,
				variables{"input": wrong}, "BAD_USER_INPUT")
		}
		s.refused(uma.token, `mutation($input: DeleteCustomerNoteInput!) { deleteCustomerNote(input: $input) { deletedId } }`,
			variables{"input": variables{"id": third}}, "FORBIDDEN")

		// Deleting the author keeps the notes, deleting the customer deletes them.
		s.must(ada.token, `mutation($input: DeleteUserInput!) { deleteUser(input: $input) { deletedId } }`, variables{"input": variables{"id": uma.id}})
		a := s.must(ada.token, list, variables{"id": cleo.id})
		if strings.Count(a.raw, `"author":null`) != 2 {
			t.Errorf("after the author's deletion the notes are %s", a.raw)
		}
		s.must(ada.token, `mutation($input: DeleteCustomerInput!) { deleteCustomer(input: $input) { deletedId } }`, variables{"input": variables{"id": cleo.id}})
		if a := s.must(ada.token, `{ customerNotes { totalCount } }`, nil); a.at("customerNotes.totalCount") != 0.0 {
			t.Errorf("after the customer's deletion the notes are %s", a.raw)
		}
	})
}
