package resolvers_test

import (
	"context"
	"testing"

	"crm/db"
	"crm/db/cache"
	"crm/db/store"
	"crm/graph"
)

// watchedMemory notes whether the last response was taken from memory. A store without a cache has none.
type watchedMemory struct {
	graph.Memory

	recalled bool
}

func watchMemory(s store.Store) *watchedMemory {
	if cached, ok := s.(*cache.Store); ok {
		return &watchedMemory{Memory: cached}
	}
	return &watchedMemory{Memory: noMemory{}}
}

func (m *watchedMemory) Recall(key [16]byte) (response string, reads int, ok bool) {
	response, reads, ok = m.Memory.Recall(key)
	m.recalled = ok
	return response, reads, ok
}

type noMemory struct{}

func (noMemory) Recall([16]byte) (response string, reads int, ok bool) { return "", 0, false }

func (noMemory) Record(ctx context.Context) (context.Context, func([16]byte, []byte, int)) {
	return ctx, func([16]byte, []byte, int) {}
}

// again sends a query, and says whether the response came from memory.
func (w *world) again(by, query string, vars variables) (a answer, recalled bool) {
	w.s.t.Helper()
	w.s.memory.recalled = false
	a = w.s.must(w.people[by].token, query, vars)
	return a, w.s.memory.recalled
}

// TestRepeatedQueries asks each query twice, and once more after a change that the response shows.
func TestRepeatedQueries(t *testing.T) {
	t.Parallel()
	rename := func(w *world) {
		w.s.must(w.people["ada"].token, `mutation($id: ID!) { updateCustomer(input: {id: $id, name: "Renamed"}) { customer { id } } }`,
			variables{"id": w.ids["cleo"]})
	}
	raise := func(w *world) { w.s.createTicket(w.people["cleo"], w.ids["plan"], "another") }
	for name, test := range map[string]struct {
		by, query string
		change    func(w *world)
	}{
		"a customer with relations": {"uma", `query($cleo: ID!) { customer(by: {id: $cleo}) { name interactions { nodes { title
			tickets { totalCount nodes { title number tags { name } } } } } } }`, raise},
		"a customer":           {"uma", `query($cleo: ID!) { customer(by: {id: $cleo}) { name } }`, rename},
		"a list with a count":  {"ada", `{ tickets(first: 3, orderBy: [{field: CREATED_AT, direction: DESC}]) { totalCount nodes { title } } }`, raise},
		"one's own tickets":    {"cleo", `{ tickets { edges { cursor node { title } } pageInfo { endCursor } } }`, raise},
		"the viewer":           {"cleo", `{ viewer { __typename ... on Customer { name } } }`, rename},
		"a node":               {"ada", `query($cleo: ID!) { node(id: $cleo) { id ... on Customer { name } } }`, rename},
		"two fields":           {"ada", `query($cleo: ID!) { customer(by: {id: $cleo}) { name } tickets { totalCount } }`, raise},
		"through fragments":    {"ada", `{ ...All } fragment All on Query { customers { nodes { ...One } } } fragment One on Customer { name }`, rename},
		"what a filter asks":   {"ada", `{ tickets(where: {customer: {name: {eq: "Renamed"}}}) { totalCount } }`, rename},
		"what isn't there yet": {"ada", `{ customers(where: {name: {eq: "Renamed"}}) { totalCount nodes { name } } }`, rename},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, openSQLite(t), db.Options{})
			w := s.newWorld()
			vars := variables{"cleo": w.ids["cleo"]}
			first, recalled := w.again(test.by, test.query, vars)
			if recalled {
				t.Error("the first response is from memory")
			}
			second, recalled := w.again(test.by, test.query, vars)
			if !recalled || second.raw != first.raw {
				t.Errorf("the second response is from memory: %t, and is %s, not %s", recalled, second.raw, first.raw)
			}
			test.change(w)
			third, recalled := w.again(test.by, test.query, vars)
			if recalled || third.raw == first.raw {
				t.Errorf("the response after the change is from memory: %t, and is %s", recalled, third.raw)
			}
		})
	}
}

// TestResponsesOfOthers asks the same as others: nobody gets a response that was made for somebody else.
func TestResponsesOfOthers(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	w := s.newWorld()
	seen := map[string]string{}
	for range 2 {
		for name := range w.people {
			a, recalled := w.again(name, `{ viewer { __typename } users { nodes { name email } } customers { totalCount nodes { email } } }`, nil)
			if before, ok := seen[name]; ok != recalled || ok && a.raw != before {
				t.Errorf("%s gets %s from memory: %t, before %s", name, a.raw, recalled, before)
			}
			seen[name] = a.raw
		}
	}
	for _, other := range []string{"cato", "cleo"} {
		if seen[other] == seen["ada"] {
			t.Errorf("%s sees what an admin does: %s", other, seen[other])
		}
	}
	_, key := s.createKey(w.people["ada"], variables{"name": "sync"})
	s.must(w.people["ada"].token, `{ sessions { totalCount } }`, nil)
	s.refused(key, `{ sessions { totalCount } }`, nil, "FORBIDDEN")
}

// TestNeverFromMemory asks twice for what follows from more than what is stored.
func TestNeverFromMemory(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	w := s.newWorld()
	for _, query := range []string{
		`{ sessions { nodes { current } } }`, `{ tickets { nodes { messages { nodes { viewerCan } } } } }`, `{ latestSeq }`, `{ mailHealth { pending } }`, `{ customerSignup }`, `{ __schema { queryType { name } } }`,
		`{ viewer { __typename } __type(name: "User") { name } }`, `{ tickets { nodes { attachments { nodes { url } } } } }`, `{ tickets { nodes { unread } } }`,
		`{ tickets { nodes { messages { nodes { bodyHtml } } } } }`, `{ node(id: "` + w.ids["leak"] + `") { ... on Ticket { descriptionHtml } } }`,
	} {
		for range 2 {
			if a, recalled := w.again("ada", query, nil); recalled {
				t.Errorf("%s is answered from memory: %s", query, a.raw)
			}
		}
	}
	for range 2 {
		if s.must("", `{ __typename }`, nil); s.memory.recalled {
			t.Error("somebody who isn't logged in gets a response from memory")
		}
	}
}
