package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/graph/transport"
)

// sharer is a subscription.
type sharer struct {
	query, operation string
	vars             map[string]any
	viewer           auth.Viewer
	cost             string
}

// key returns the subscription's sharing key.
func (s sharer) key(t *testing.T, executor *Executor) any {
	t.Helper()
	ctx, headers := graphql.StartOperationTrace(auth.WithViewer(t.Context(), s.viewer)), http.Header{}
	headers.Set(transport.CostHeader, s.cost)
	operation, errs := executor.CreateOperationContext(ctx, &graphql.RawParams{
		Query: s.query, OperationName: s.operation, Variables: s.vars, Headers: headers,
	})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return SharingKey(graphql.WithOperationContext(ctx, operation))
}

// uma is who subscribes, unless a test says otherwise.
var uma = auth.Viewer{Role: auth.User, Account: auth.ID{1}, Session: auth.ID{1}, Address: "192.0.2.1"}

// pair is two subscriptions, and whether they may share responses.
type pair struct {
	a, b   sharer
	shared bool
}

func pairs() map[string]pair {
	const plain = `subscription { ticketChanged { seq ticket { id viewerCan } } }`
	const selecting = `subscription($where: TicketWhere, $after: String) { ticketChanged(where: $where, after: $after) { seq } }`
	const withVariables = `subscription($first: Int = 1, $text: Boolean = true, $no: Boolean = false, $status: TicketStatus! = OPEN) {
		ticketChanged { seq ...parts } }
		fragment parts on TicketChange { ticket { id @include(if: $text) interaction { ...on Interaction @skip(if: $no) {
			tickets(first: $first, where: {status: {in: [$status]}}) { totalCount } } } } }`
	const two = `subscription A { ticketChanged { seq } } subscription B { ticketChanged { at } }`
	const atRoot = `subscription($after: String) { ...root } fragment root on Subscription { ticketChanged(after: $after) { seq } }`
	as := func(change func(v *auth.Viewer)) auth.Viewer {
		v := uma
		change(&v)
		return v
	}
	return map[string]pair{
		"the same":          {sharer{query: plain}, sharer{query: plain}, true},
		"another selection": {sharer{query: plain}, sharer{query: `subscription { ticketChanged { seq ticket { id } } }`}, false},
		"another alias":     {sharer{query: plain}, sharer{query: `subscription { changed: ticketChanged { seq ticket { id viewerCan } } }`}, false},
		"another field":     {sharer{query: plain}, sharer{query: `subscription { interactionChanged { seq } }`}, false},
		"another operation of the document": {
			sharer{query: two, operation: "A"}, sharer{query: two, operation: "B"}, false},

		"another session":     {sharer{query: plain}, sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Session = auth.ID{2} })}, true},
		"another address":     {sharer{query: plain}, sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Address = "192.0.2.2" })}, true},
		"another account":     {sharer{query: plain}, sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Account = auth.ID{2} })}, false},
		"another role":        {sharer{query: plain}, sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Role = auth.Admin })}, false},
		"a customer's number": {sharer{query: plain}, sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Role = auth.Customer })}, false},
		"two admins": {
			sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Role = auth.Admin })},
			sharer{query: plain, viewer: as(func(v *auth.Viewer) { v.Role, v.Account = auth.Admin, auth.ID{2} })}, false},
		"nobody": {sharer{query: plain}, sharer{query: plain, viewer: auth.Viewer{Address: "192.0.2.1"}}, false},

		"cost shown":              {sharer{query: plain}, sharer{query: plain, cost: "1"}, false},
		"cost shown to both":      {sharer{query: plain, cost: "1"}, sharer{query: plain, cost: "1"}, true},
		"a default value":         {sharer{query: withVariables}, sharer{query: withVariables, vars: map[string]any{"first": json.Number("1")}}, true},
		"another nested argument": {sharer{query: withVariables}, sharer{query: withVariables, vars: map[string]any{"first": json.Number("2")}}, false},
		"another value in a list": {sharer{query: withVariables}, sharer{query: withVariables, vars: map[string]any{"status": "CLOSED"}}, false},
		"another condition":       {sharer{query: withVariables}, sharer{query: withVariables, vars: map[string]any{"text": false}}, false},
		"a condition on a part":   {sharer{query: withVariables}, sharer{query: withVariables, vars: map[string]any{"no": true}}, false},
		"what selects the changes": {
			sharer{query: selecting},
			sharer{query: selecting, vars: map[string]any{"after": "1", "where": map[string]any{"title": map[string]any{"eq": "a"}}}}, true},
		"a variable in a fragment": {sharer{query: atRoot}, sharer{query: atRoot, vars: map[string]any{"after": "1"}}, false},
	}
}

// Only subscriptions whose responses to a change are always the same may share them.
func TestSharingKey(t *testing.T) {
	t.Parallel()
	for name, test := range pairs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			executor := NewExecutor(HandlerConfig{})
			for _, s := range []*sharer{&test.a, &test.b} {
				if s.viewer == (auth.Viewer{}) {
					s.viewer = uma
				}
			}
			if shared := test.a.key(t, executor) == test.b.key(t, executor); shared != test.shared {
				t.Errorf("shared is %t", shared)
			}
		})
	}
	t.Run("no operation", func(t *testing.T) {
		t.Parallel()
		if SharingKey(context.Background()) == SharingKey(context.Background()) {
			t.Error("shared")
		}
	})
}
