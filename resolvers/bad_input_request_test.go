package resolvers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"crm/db/store"
	"crm/graph/apierror"
)

// document returns the request body for a query.
func document(query string) string {
	body, _ := json.Marshal(map[string]string{"query": query})
	return string(body)
}

func TestBadRequest(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		deep := strings.Repeat("customer { interactions { nodes { ", 17) + "id" + strings.Repeat(" } } }", 17)
		for _, test := range []struct {
			name, body string
			status     int
			code       store.Code
			message    string
		}{
			{"no body", "", 400, apierror.BadRequest, "empty"},
			{"malformed JSON", `{"query": "{ viewer { __typename } }"`, 400, apierror.BadRequest, "not JSON"},
			{"JSON and more", document("{ viewer { __typename } }") + "x", 400, apierror.BadRequest, "not JSON"},
			{"a batch", "[" + document("{ viewer { __typename } }") + "]", 400, apierror.BadRequest, "batching"},
			{"no object", `"{ viewer { __typename } }"`, 400, apierror.BadRequest, "JSON object"},
			{"no query", `{"variables": {}}`, 400, store.BadInput, "query: is required"},
			{"a query that is an object", `{"query": {"$gt": ""}}`, 400, store.BadInput, "query: must be a string"},
			{"variables that are a list", `{"query": "{ viewer { __typename } }", "variables": [1]}`, 400, store.BadInput, "variables: must be an object"},
			{"an unknown operation", `{"query": "query A { viewer { __typename } }", "operationName": "B"}`, 400, store.BadInput, "operationName"},
			{"one of two operations", document("query A { viewer { __typename } } query B { viewer { __typename } }"), 400, store.BadInput, "operationName"},
			{"broken syntax", document("{ viewer { "), 200, apierror.ParseFailed, "Syntax Error"},
			{"a NUL in the query", document("{ viewer\x00 { __typename } }"), 200, apierror.ParseFailed, "Syntax Error"},
			{"an unknown field", document("{ viewers { id } }"), 200, apierror.ValidationFailed, "viewers"},
			{"an unknown argument", document("{ customers(limit: 5) { totalCount } }"), 200, apierror.ValidationFailed, "limit"},
			{"a field without its selection", document("{ customers }"), 200, apierror.ValidationFailed, "selection"},
			{"a number for an id", document("{ customer(by: {id: 1.5}) { id } }"), 200, apierror.ValidationFailed, "1.5"},
			{"a variable that is missing", document("query($id: ID!) { customer(by: {id: $id}) { id } }"), 200, store.BadInput, "id: is required"},
			{"10,000 aliases", document(`{ ` + many(10_000, "a%d: viewer { __typename } ") + `}`), 200, apierror.QueryTooComplex, "tokens"},
			{"1,000 aliases", document(`{ ` + many(1_000, "a%d: __typename ") + `}`), 200, apierror.QueryTooComplex, "aliases"},
			{"depth 50", document("{ interactions { nodes { " + deep + " } } }"), 200, apierror.QueryTooComplex, "depth"},
			{"a value 50 deep", document("{ customers(where: " + strings.Repeat("{not: ", 50) + "{}" + strings.Repeat("}", 50) + ") { totalCount } }"), 200, apierror.QueryTooComplex, "depth"},
			{"a query of 200 KB", document("{ viewer { " + strings.Repeat("__typename ", 18_000) + "} }"), 200, apierror.QueryTooComplex, "tokens"},
			{"a body of 10 MB", document("{ viewer { __typename } } #" + strings.Repeat("x", 10<<20)), 413, apierror.QueryTooComplex, "1048576 bytes"},
			{"pages of pages of pages", document("{ customers(first: 100) { nodes { interactions(first: 100) { nodes { tickets(first: 100) { nodes { id } } } } } } }"), 200, apierror.QueryTooComplex, "complexity"},
			{"101 ids", document(`{ nodes(ids: [` + many(101, `"tkt_%024d" `) + `]) { id } }`), 200, store.BadInput, "ids: must have at most 100"},
		} {
			t.Run(test.name, func(t *testing.T) {
				s := s.in(t)
				a := s.post(admin.token, []byte(test.body))
				if a.Status != test.status {
					t.Errorf("the status is %d, want %d", a.Status, test.status)
				}
				s.wantProblem(a, test.code, "", test.message)
			})
		}
	})
}

// many repeats a format with each number below n.
func many(n int, format string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

// TestBadToken checks that a request with a bad token is refused instead of being anonymous, whatever the operation.
func TestBadToken(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		user, customer := s.signUpUser("Rohan"), s.signUpCustomer("Rahul")
		ended := s.logInUser(user.email)
		s.must(ended.token, `mutation { logOut { endedSessions } }`, nil)
		claims := func(of account, audience string, expires time.Time) jwt.MapClaims {
			issued := jwt.MapClaims{}
			_, _, err := jwt.NewParser().ParseUnverified(of.token, issued)
			if err != nil {
				t.Fatal(err)
			}
			issued["aud"], issued["exp"] = audience, expires.Unix()
			return issued
		}
		soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
		sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
			token, err := jwt.NewWithClaims(method, claims).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		withoutExpiry := claims(user, "crm-user", soon)
		delete(withoutExpiry, "exp")
		own := claims(user, "crm-user", soon)
		if a := s.ask(sign(jwt.SigningMethodHS256, []byte("users' key"), own), `{ viewer { __typename } }`, nil); len(a.Errors) > 0 {
			t.Fatalf("this test's tokens differ from the server's, because a valid one is refused: %s", a.raw)
		}
		for name, token := range map[string]string{
			"expired":              sign(jwt.SigningMethodHS256, []byte("users' key"), claims(user, "crm-user", past)),
			"no expiry":            sign(jwt.SigningMethodHS256, []byte("users' key"), withoutExpiry),
			"another audience":     sign(jwt.SigningMethodHS256, []byte("users' key"), claims(user, "somebody-else", soon)),
			"a user as a customer": sign(jwt.SigningMethodHS256, []byte("users' key"), claims(user, "crm-customer", soon)),
			"a customer's key":     sign(jwt.SigningMethodHS256, []byte("customers' key"), own),
			"a customer as a user": sign(jwt.SigningMethodHS256, []byte("customers' key"), claims(customer, "crm-user", soon)),
			"another key":          sign(jwt.SigningMethodHS256, []byte("guessed"), own),
			"no key":               sign(jwt.SigningMethodHS256, []byte(""), own),
			"alg none":             sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, own),
			"another algorithm":    sign(jwt.SigningMethodHS512, []byte("users' key"), own),
			"a session that ended": ended.token,
			"a refresh token":      user.refresh,
			"truncated":            user.token[:len(user.token)-1],
			"no token":             "x",
			"three parts":          "x.y.z",
		} {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				// Anybody may read this field, but a bad token must not be treated as none.
				a := s.ask(token, `{ viewer { __typename } }`, nil)
				if a.Status != http.StatusUnauthorized {
					t.Errorf("the status is %d, want 401: %s", a.Status, a.raw)
				}
				s.wantProblem(a, store.Unauthenticated, "", "token is not valid")
				s.logsInWith(token, user)
			})
		}
	})
}

// logsInWith checks that a bad token, which clients may still send, keeps nobody from logging in, and lets nobody do more.
func (s *server) logsInWith(token string, user account) {
	s.t.Helper()
	logIn := variables{"email": user.email, "password": password}
	for _, mutation := range []string{
		`mutation($in: LogInInput!) { logInUser(input: $in) { user { id interactions { totalCount } } } }`,
		`mutation($in: LogInInput!) { __typename ...again } fragment again on Mutation { ... { a: logInUser(input: $in) { user { id } } } }`,
	} {
		if a := s.ask(token, mutation, variables{"in": logIn}); a.Status != http.StatusOK || len(a.Errors) > 0 {
			s.t.Errorf("a log-in got %d %s", a.Status, a.raw)
		}
	}
	s.wantProblem(s.ask(token, `mutation { refresh(input: {refreshToken: "x"}) { tokens { accessToken } } }`, nil), store.Unauthenticated, "", "refresh token")
	s.wantProblem(s.ask(token, `mutation($in: LogInInput!) { logInUser(input: $in) { user { id } } }`,
		variables{"in": variables{"email": user.email}}), store.BadInput, "in.password", "")
	for _, mutation := range []string{
		`mutation($in: LogInInput!) { logInUser(input: $in) { user { id } } logOut { endedSessions } }`,
		`mutation($in: LogInInput!) { logInUser(input: $in) { user { id } } ...out } fragment out on Mutation { logOut { endedSessions } }`,
	} {
		a := s.ask(token, mutation, variables{"in": logIn})
		if a.Status != http.StatusUnauthorized || a.Data != nil {
			s.t.Errorf("a log-in with another mutation got %d %s", a.Status, a.raw)
		}
	}
}
