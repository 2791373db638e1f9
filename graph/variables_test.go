package graph

import (
	"context"
	"net/http"
	"testing"

	"crm/db"
	"crm/db/store"
)

const createInteraction = `mutation($input:CreateInteractionInput!){createInteraction(input:$input){interaction{id}}}`

// wrongVariables lists invalid variables with the paths of their problems.
func wrongVariables() map[string]struct{ query, variables, fields string } {
	const list = `query($first:Int,$where:TicketWhere,$orderBy:[TicketOrder!])` +
		`{tickets(first:$first,where:$where,orderBy:$orderBy){totalCount}}`
	return map[string]struct{ query, variables, fields string }{
		"missing":       {createInteraction, `{}`, "input"},
		"null":          {createInteraction, `{"input":null}`, "input"},
		"not an object": {createInteraction, `{"input":1}`, "input"},
		"all at once": {
			createInteraction, `{"input":{"title":5,"startTime":"tomorrow","kind":"PARTY","nope":1,"durationMinutes":1.5}}`,
			"input.nope,input.customerId,input.kind,input.title,input.startTime,input.durationMinutes",
		},
		"null in a non-null field": {
			createInteraction, `{"input":{"customerId":null,"title":"a","startTime":"2024-08-27T20:03:00Z"}}`, "input.customerId",
		},
		"integer beyond 32 bits": {list, `{"first":3000000000}`, "first"},
		"integer beyond 64 bits": {list, `{"first":30000000000000000000000}`, "first"},
		"integer as text":        {list, `{"first":"5"}`, "first"},
		"fraction":               {list, `{"first":1.5}`, "first"},
		"tiny fraction":          {list, `{"first":1e-1}`, "first"},
		"enum of another case":   {list, `{"orderBy":[{"field":"created_at"}]}`, "orderBy.0.field"},
		"list of one":            {list, `{"orderBy":{"field":"NOPE"}}`, "orderBy.field"},
		"text as list element":   {list, `{"orderBy":[{"field":"PRIORITY"},"x"]}`, "orderBy.1"},
		"boolean as id":          {list, `{"where":{"id":{"eq":true}}}`, "where.id.eq"},
		"time":                   {list, `{"where":{"createdAt":{"in":["2024-08-27T20:03:00Z","x"]}}}`, "where.createdAt.in.1"},
		"null for @skip":         {`query($a:Boolean=true){__typename @skip(if:$a)}`, `{"a":null}`, "a"},
	}
}

func TestWrongVariables(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for name, test := range wrongVariables() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := server.do(http.MethodPost, "/", `{"query":"`+test.query+`","variables":`+test.variables+`}`)
			if got.codes() != "BAD_USER_INPUT" || got.fields() != test.fields || got.parsed.Data != nil {
				t.Errorf("got %s", got.body)
			}
		})
	}
}

func TestMessagesOfVariables(t *testing.T) {
	t.Parallel()
	query := requestBody(t, `query($r:RoleFilter,$n:Int){users(where:{role:$r},first:$n){totalCount}}`, map[string]any{
		"r": map[string]any{"eq": "BOSS"}, "n": "x",
	})
	for introspection, want := range map[bool]string{
		true:  "r.eq: must be one of ADMIN, USER, CUSTOMER; n: must be a whole number of at most 32 bits",
		false: "r.eq: is not a value of Role; n: must be a whole number of at most 32 bits",
	} {
		server := newTestServer(t, HandlerConfig{Introspection: introspection})
		if got := server.do(http.MethodPost, "/", query).messages(); got != want {
			t.Errorf("got %q", got)
		}
	}
}

func TestRightVariables(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	query := `query($w:TicketWhere,$o:[TicketOrder!]){tickets(first:5,where:$w,orderBy:$o){totalCount}}`
	got := server.do(http.MethodPost, "/", requestBody(t, query, map[string]any{
		"w": map[string]any{"id": map[string]any{"in": []any{"a", 1}}, "and": []any{map[string]any{"not": nil}}},
		"o": map[string]any{"field": "PRIORITY"}, "extra": 1,
	}))
	if got.codes() != "UNAUTHENTICATED" {
		t.Errorf("got %s", got.body)
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for query, fields := range map[string]string{
		`{tickets(where:{createdAt:{eq:"x"}}){totalCount}}`:                                         "where.createdAt.eq",
		`{tickets(where:{and:[{},{createdAt:{gt:5}}]}){totalCount}}`:                                "where.and.1.createdAt.gt",
		`{tickets(first:3000000000){totalCount}}`:                                                   "first",
		`query($a:DateTime="x"){tickets(where:{createdAt:{eq:$a}}){totalCount}}`:                    "a",
		`{viewer{...a}} fragment a on Customer{tickets(where:{updatedAt:{eq:"x"}}){totalCount}}`:    "where.updatedAt.eq",
		`mutation{logInUser(input:{email:5,password:"x"}){user{id}}}`:                               "input.email",
		`mutation{logInUser(input:{email:["x"],password:"x"}){user{id}}}`:                           "input.email",
		`{customer(by:{email:{eq:"x"}}){id}}`:                                                       "by.email",
		`{tickets(where:{createdAt:{in:[["2024-08-27T20:03:00Z"]]}}){totalCount}}`:                  "where.createdAt.in.0",
		`{tickets(where:{createdAt:{in:{gt:"2024-08-27T20:03:00Z"}}}){totalCount}}`:                 "where.createdAt.in",
		`{viewer{...a ...a}} fragment a on Customer{tickets(where:{updatedAt:{eq:1}}){totalCount}}`: "where.updatedAt.eq",
	} {
		got := server.query(query)
		if got.codes() != "BAD_USER_INPUT" || got.fields() != fields || len(got.parsed.Errors[0].Locations) != 1 {
			t.Errorf("%s got %s", query, got.body)
		}
	}
}

// A number must not be converted to a float.
func TestVariablesKeepTheirDigits(t *testing.T) {
	t.Parallel()
	var got string
	server := newTestServer(t, HandlerConfig{Resolvers: stubResolvers{
		customer: func(_ context.Context, by CustomerBy) (*db.Customer, error) {
			got = *by.ID.Value()
			return nil, nil
		},
	}})
	const body = `{"query":"query($id:ID!){customer(by:{id:$id}){id}}","variables":{"id":12345678901234567}}`
	server.do(http.MethodPost, "/", body, "As: ADMIN")
	if got != "12345678901234567" {
		t.Errorf("got %q", got)
	}
}

func TestDefaultsOfInputs(t *testing.T) {
	t.Parallel()
	var got CreateInteractionInput
	server := newTestServer(t, HandlerConfig{Resolvers: stubResolvers{
		createInteraction: func(_ context.Context, input CreateInteractionInput) (*CreateInteractionPayload, error) {
			got = input
			return nil, store.Errorf(store.NotFound, "no such customer")
		},
	}})
	answer := server.do(http.MethodPost, "/", requestBody(t, createInteraction, map[string]any{"input": map[string]any{
		"customerId": "c", "title": "t", "startTime": "2024-08-27T20:03:00+02:00",
	}}), "As: USER")
	if answer.codes() != "NOT_FOUND" || got.Kind != db.KindMeeting || got.StartTime.UTC().Hour() != 18 {
		t.Errorf("got %+v and %s", got, answer.body)
	}
}

// Validation accepts a nullable variable in a non-null position if there is a default.
func TestNullInsteadOfDefault(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Resolvers: stubResolvers{
		createInteraction: func(_ context.Context, input CreateInteractionInput) (*CreateInteractionPayload, error) {
			return nil, store.Errorf(store.NotFound, "%s", input.Kind)
		},
	}})
	for _, variable := range []string{"$k:InteractionKind=TASK", "$k:InteractionKind"} {
		query := `mutation(` + variable + `){createInteraction(input:
			{kind:$k,customerId:"c",title:"t",startTime:"2024-08-27T20:03:00Z"}){interaction{id}}}`
		got := server.do(http.MethodPost, "/", requestBody(t, query, map[string]any{"k": nil}), "As: USER")
		if got.codes() != "BAD_USER_INPUT" || got.messages() != "k: must not be null" {
			t.Errorf("%s got %s", variable, got.body)
		}
		if got := server.query(query, "As: USER"); got.codes() != "NOT_FOUND" || got.messages() == "" {
			t.Errorf("%s got %s", variable, got.body)
		}
	}
}
