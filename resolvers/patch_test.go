package resolvers_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"crm/db/store"
)

// patched is an object that an update changes, with a selection of all its fields.
type patched struct {
	mutation, object, selection string
	token, id                   string
}

// change updates it and returns the response.
func (p patched) change(s *server, changes variables) answer {
	s.t.Helper()
	return s.mutate(p.token, p.mutation, with(variables{"id": p.id}, changes), p.object+" { "+p.selection+" }")
}

// state returns the object in the response.
func (p patched) state(s *server, a answer) map[string]any {
	s.t.Helper()
	if len(a.Errors) > 0 {
		s.t.Fatalf("%s failed: %s", p.mutation, a.raw)
	}
	return a.at(p.mutation + "." + p.object).(map[string]any)
}

// check updates it, and checks that the response and the stored object differ from before by exactly these fields, besides
// version and updatedAt. Without differences, these two must not change either.
func (p patched) check(s *server, changes variables, differences map[string]any) {
	s.t.Helper()
	before := p.state(s, p.change(s, variables{}))
	after := p.state(s, p.change(s, changes))
	want := map[string]any{}
	for _, values := range []map[string]any{before, differences} {
		for name, value := range values {
			want[name] = value
		}
	}
	want["updatedAt"] = after["updatedAt"]
	if differences != nil {
		want["version"] = before["version"].(float64) + 1
	} else if after["updatedAt"] != before["updatedAt"] {
		s.t.Errorf("%s with %v changes nothing but updatedAt", p.mutation, changes)
	}
	if fmt.Sprint(after) != fmt.Sprint(want) {
		s.t.Errorf("%s with %v returns\n%v after\n%v, want\n%v", p.mutation, changes, after, before, want)
	}
	if read := p.state(s, p.change(s, variables{})); fmt.Sprint(read) != fmt.Sprint(want) {
		s.t.Errorf("%s with %v returns\n%v, but stores\n%v", p.mutation, changes, after, read)
	}
}

// TestPatch checks that an update changes the given fields, clears those that are null and keeps all others, and that only an
// actual change increments the version.
func TestPatch(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		customer := patched{"updateCustomer", "customer", "name email company phone timeZone version updatedAt", p.user.token, p.customer.id}
		user := patched{"updateUser", "user", "name email role timeZone version updatedAt", p.admin.token, p.user.id}
		interaction := patched{"updateInteraction", "interaction",
			"kind title description startTime endTime durationMinutes location status version updatedAt", p.user.token, p.interaction}
		ticket := patched{"updateTicket", "ticket", "description priority status version updatedAt", p.user.token, p.ticket}
		for _, test := range []struct {
			patched
			changes variables
			// want are the differences afterwards, besides version and updatedAt; nil if there are none.
			want map[string]any
		}{
			{customer, variables{}, nil},
			{customer, variables{"phone": "+91 22 6778 9999"}, map[string]any{"phone": "+91 22 6778 9999"}},
			{customer, variables{"name": "Rahul B.", "company": "TCS"}, map[string]any{"name": "Rahul B.", "company": "TCS"}},
			{customer, variables{"name": "  Rahul B. ", "company": "TCS"}, nil},
			{customer, variables{"company": nil}, map[string]any{"company": nil}},
			{customer, variables{"company": " ", "expectedVersion": nil}, nil},
			{customer, variables{"email": "Rahul@Example.org"}, map[string]any{"email": "Rahul@Example.org"}},
			{customer, variables{"phone": ""}, map[string]any{"phone": nil}},
			{customer, variables{"timeZone": " Asia/Kolkata "}, map[string]any{"timeZone": "Asia/Kolkata"}},
			{customer, variables{"timeZone": ""}, map[string]any{"timeZone": nil}},
			{user, variables{"timeZone": "America/Argentina/Ushuaia"}, map[string]any{"timeZone": "America/Argentina/Ushuaia"}},
			{user, variables{"timeZone": nil}, map[string]any{"timeZone": nil}},
			{user, variables{"name": "Uma K."}, map[string]any{"name": "Uma K."}},
			{user, variables{"role": "ADMIN"}, map[string]any{"role": "ADMIN"}},
			{user, variables{"role": "USER", "email": "uma.k@example.com"}, map[string]any{"role": "USER", "email": "uma.k@example.com"}},
			{interaction, variables{"location": "Here", "durationMinutes": 90}, map[string]any{"location": "Here", "durationMinutes": 90.0, "endTime": "2050-08-27T21:33:00.000Z"}},
			{interaction, variables{"startTime": "2050-08-28T01:03:00+05:00"}, nil}, // the same time
			{interaction, variables{"startTime": "2050-08-27T20:00:00.5Z"}, map[string]any{"startTime": "2050-08-27T20:00:00.500Z", "endTime": "2050-08-27T21:30:00.500Z"}},
			{interaction, variables{"endTime": "2050-08-27T20:30:00.5Z"}, map[string]any{"endTime": "2050-08-27T20:30:00.500Z", "durationMinutes": 30.0}},
			{interaction, variables{"endTime": nil}, map[string]any{"endTime": nil, "durationMinutes": nil}},
			{interaction, variables{"description": "Long", "kind": "TASK", "status": "DONE"}, map[string]any{"description": "Long", "kind": "TASK", "status": "DONE"}},
			{interaction, variables{"description": nil, "location": nil}, map[string]any{"description": "", "location": nil}},
			{ticket, variables{"description": "It is broken"}, nil},
			{ticket, variables{"priority": "URGENT"}, map[string]any{"priority": "URGENT"}},
			{ticket, variables{"description": "Still broken"}, map[string]any{"description": "Still broken"}},
		} {
			test.check(s, test.changes, test.want)
		}
		for _, test := range []struct {
			patched
			fields []string
		}{
			{customer, []string{"name", "email"}}, {user, []string{"name", "email", "role"}},
			{interaction, []string{"title", "kind", "startTime", "status"}}, {ticket, []string{"description", "priority"}},
		} {
			for _, field := range test.fields {
				s.wantProblem(test.change(s, variables{field: nil}), store.BadInput, "input."+field, "must")
			}
		}
	})
}

// TestExpectedVersion checks that changing, moving or deleting an object that was changed in the meantime is a conflict.
func TestExpectedVersion(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for _, test := range []struct {
			mutation, id, payload string
			input                 variables
			gone                  bool
		}{
			{"updateTicket", p.ticket, "ticket { version }", variables{"description": "New"}, false},
			{"moveTicket", p.ticket, "ticket { version }", variables{"status": "IN_PROGRESS"}, false},
			{"assignTicket", p.ticket, "ticket { version }", variables{"assigneeId": p.user.id}, false},
			{"deleteTicket", p.ticket, "deletedId", nil, true},
			{"updateInteraction", p.interaction, "interaction { version }", variables{"title": "New"}, false},
			{"cancelInteraction", p.interaction, "interaction { version }", nil, false},
			{"deleteInteraction", p.interaction, "deletedId", nil, true},
			{"updateUser", p.user.id, "user { version }", variables{"name": "New"}, false},
			{"deactivateUser", p.user.id, "user { version }", nil, false},
			{"reactivateUser", p.user.id, "user { version }", nil, false},
			{"deleteUser", p.user.id, "deletedId", nil, true},
			{"updateCustomer", p.customer.id, "customer { version }", variables{"name": "New"}, false},
			{"deleteCustomer", p.customer.id, "deletedId", nil, true},
		} {
			version := s.must(p.admin.token, `query($id: ID!) { node(id: $id) { ... on User { version } ... on Customer { version }
				... on Interaction { version } ... on Ticket { version } } }`, variables{"id": test.id}).at("node.version").(float64)
			for _, stale := range []float64{version - 1, version + 1} {
				a := s.mutate(p.admin.token, test.mutation, with(test.input, variables{"id": test.id, "expectedVersion": stale}), test.payload)
				s.wantProblem(a, store.Conflict, "input.expectedVersion", fmt.Sprintf("its version is %v, not %v", version, stale))
			}
			a := s.mutate(p.admin.token, test.mutation, with(test.input, variables{"id": test.id, "expectedVersion": version}), test.payload)
			object, _, _ := strings.Cut(test.payload, " ")
			if got := a.at(test.mutation + "." + object + ".version"); len(a.Errors) > 0 || !test.gone && got != version+1 {
				t.Errorf("%s on version %v got %s", test.mutation, version, a.raw)
			}
		}
	})
}

// TestConcurrentPatches checks that no concurrent change to different fields is lost, and that of concurrent changes to the
// same fields one wins as a whole.
func TestConcurrentPatches(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		customer := patched{"updateCustomer", "customer", "name email company phone version", p.admin.token, p.customer.id}
		before := customer.state(s, customer.change(s, variables{}))["version"].(float64)
		changes := []variables{
			{"name": "New name"}, {"email": "new@example.org"}, {"company": "New company"}, {"phone": "12345"},
		}
		s.atOnce(len(changes), func(i int) answer { return customer.change(s, changes[i]) })
		after := customer.state(s, customer.change(s, variables{}))
		for _, change := range changes {
			for field, value := range change {
				if after[field] != value {
					t.Errorf("the change of %s is lost: %v", field, after)
				}
			}
		}
		if after["version"] != before+4 {
			t.Errorf("four changes resulted in version %v after %v", after["version"], before)
		}

		interaction := patched{"updateInteraction", "interaction", "title description version", p.user.token, p.interaction}
		s.atOnce(4, func(i int) answer {
			return interaction.change(s, variables{"title": strconv.Itoa(i), "description": strconv.Itoa(i)})
		})
		if got := interaction.state(s, interaction.change(s, variables{})); got["title"] != got["description"] {
			t.Errorf("two changes are mixed: %v", got)
		}

		// With an expected version one of them succeeds, and the others get an error.
		ticket := patched{"updateTicket", "ticket", "version", p.user.token, p.ticket}
		won := 0
		for _, a := range s.race(4, func(i int) answer {
			return ticket.change(s, variables{"description": strconv.Itoa(i), "expectedVersion": 1})
		}) {
			if len(a.Errors) == 0 {
				won++
				continue
			}
			s.wantProblem(a, store.Conflict, "input.expectedVersion", "meanwhile")
		}
		if won != 1 {
			t.Errorf("%d of four changes to one version succeeded", won)
		}
	})
}

// race sends n operations at once and returns the responses.
func (s *server) race(n int, do func(i int) answer) []answer {
	answers := make([]answer, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { answers[i] = do(i) })
	}
	group.Wait()
	return answers
}

// atOnce sends n operations at once, which must succeed.
func (s *server) atOnce(n int, do func(i int) answer) {
	s.t.Helper()
	for _, a := range s.race(n, do) {
		if len(a.Errors) > 0 {
			s.t.Errorf("one of %d at once failed: %s", n, a.raw)
		}
	}
}

// invisible removes the invisible characters of the texts below.
var invisible = strings.NewReplacer("\u202e", "", "\u202c", "", "zero\u200b", "zero", "\ufeff", "")

// TestTextIsKept checks that texts are returned as they were written, but with \n for every line break, and in one line
// without invisible characters: escaping them is up to clients.
func TestTextIsKept(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		ticket := patched{"updateTicket", "ticket", "description version", p.user.token, p.ticket}
		customer := patched{"updateCustomer", "customer", "name company version", p.user.token, p.customer.id}
		for _, text := range []string{
			`<script>alert("x")</script> &amp; <b>bold</b>`, "👩‍👩‍👧‍👦 🇮🇳 ❤️", "שלום עולם", "\u202eright to left\u202c", "e\u0301 and é", "日本語",
			`{"$gt": ""} ${x} {{x}} %s %d`, `C:\new\table`, `"quoted" 'and' ` + "`more`", "zero\u200bwidth", "\ufeffbom", "\U0010ffff",
			"x\u00a0y", strings.Repeat("🙂", 200),
		} {
			if got := ticket.state(s, ticket.change(s, variables{"description": text + "\n\tand\r\nmore\x00\u2028  "})); got["description"] != text+"\n\tand\nmore\n  " {
				t.Errorf("%q became %q", text, got["description"])
			}
			line := invisible.Replace(text)
			if got := customer.state(s, customer.change(s, variables{"name": text, "company": text})); got["name"] != line || got["company"] != line {
				t.Errorf("%q became %v", text, got)
			}
			if n := len(s.ids(p.admin.token, "customers", map[string]any{"name": map[string]any{"eq": line}, "company": map[string]any{"startsWith": line}})); n != 1 {
				t.Errorf("%q is the name and company of %d customers", text, n)
			}
		}
		// The indentation of a block string isn't part of it, but its line breaks are.
		a := s.must(p.user.token, `mutation { updateTicket(input: {id: "`+p.ticket+`", description: """
				one
				  "two" \""" \u00e9
			"""}) { ticket { description } } }`, nil)
		if got := a.text("updateTicket.ticket.description"); got != "one\n  \"two\" \"\"\" \\u00e9" {
			t.Errorf("the block string became %q", got)
		}
		// Half a surrogate pair is not a character, and must not be stored because it can't be sent.
		for _, body := range []string{
			`{"query": "mutation { updateTicket(input: {id: \"` + p.ticket + `\", description: \"half \\ud83d\"}) { ticket { description } } }"}`,
			`{"query": "mutation($d: String) { updateTicket(input: {id: \"` + p.ticket + `\", description: $d}) { ticket { description } } }", "variables": {"d": "half \ud83d"}}`,
			"{\"query\": \"mutation($d: String) { updateTicket(input: {id: \\\"" + p.ticket + "\\\", description: $d}) { ticket { description } } }\", \"variables\": {\"d\": \"half \xff\"}}",
		} {
			a := s.post(p.user.token, []byte(body))
			if got := a.text("updateTicket.ticket.description"); got != "half \ufffd" && len(a.Errors) == 0 {
				t.Errorf("%s got %s", body, a.raw)
			}
			s.wantNoLeak(a)
		}
	})
}
