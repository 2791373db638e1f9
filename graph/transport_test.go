package graph

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"crm/graph/transport"
)

const (
	acceptGraphQL = "Accept: application/graphql-response+json"
	acceptJSON    = "Accept: application/json"

	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// transportTest is a request and its expected response.
type transportTest struct {
	method, target, header, body string
	status                       int
	code, field                  string
}

func (test transportTest) run(t *testing.T, server *testServer) {
	t.Parallel()
	got := server.do(cmp.Or(test.method, http.MethodPost), cmp.Or(test.target, "/"), test.body, test.header)
	if got.status != test.status || got.codes() != test.code || got.fields() != test.field {
		t.Errorf("got %d %q %q: %s", got.status, got.codes(), got.fields(), got.body)
	}
	executed := test.code == "" || test.code == "UNAUTHENTICATED"
	if hasData := got.parsed.Data != nil; hasData != executed {
		t.Errorf("has data: %t", hasData)
	}
	for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		if value := got.header.Get(header); value != want {
			t.Errorf("%s is %q", header, value)
		}
	}
	if allow := got.header.Get("Allow"); (got.status == http.StatusMethodNotAllowed) != (allow != "") {
		t.Errorf("Allow is %q", allow)
	}
}

func runTransportTests(t *testing.T, tests map[string]transportTest) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.run(t, server) })
	}
}

const typenameBody = `{"query":"{__typename}"}`

// typenameBodyWith returns the body of a valid query with another parameter.
func typenameBodyWith(param string) string { return `{"query":"{__typename}",` + param + `}` }

func getTarget(query string) string { return "/?query=" + url.QueryEscape(query) }

func TestTransportMethods(t *testing.T) {
	const form, unsupported = "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType
	runTransportTests(t, map[string]transportTest{
		"post":                     {body: typenameBody, status: 200},
		"post for graphql":         {body: typenameBody, header: acceptGraphQL, status: 200},
		"utf-8":                    {body: typenameBody, header: "Content-Type: application/json; charset=UTF-8", status: 200},
		"utf8":                     {body: typenameBody, header: "Content-Type: application/json;charset=utf8", status: 200},
		"a quoted charset":         {body: typenameBody, header: "Content-Type: application/json; charset=\"UTF-8\"; ", status: 200},
		"an empty parameter":       {body: typenameBody, header: "Content-Type: application/json; charset", status: 200},
		"no content type":          {body: typenameBody, header: "Content-Type: ", status: unsupported, code: "BAD_REQUEST"},
		"form":                     {body: "query=x", header: "Content-Type: " + form, status: unsupported, code: "BAD_REQUEST"},
		"text":                     {body: typenameBody, header: "Content-Type: text/plain", status: unsupported, code: "BAD_REQUEST"},
		"other charset":            {header: "Content-Type: application/json; charset=latin1", status: unsupported, code: "BAD_REQUEST"},
		"compressed":               {body: typenameBody, header: "Content-Encoding: gzip", status: unsupported, code: "BAD_REQUEST"},
		"not acceptable":           {body: typenameBody, header: "Accept: text/html", status: 406, code: "BAD_REQUEST"},
		"get":                      {method: "GET", target: getTarget("{__typename}"), status: 200},
		"get with variables":       {method: "GET", target: getTarget("{__typename}") + "&variables=%7B%7D", status: 200},
		"get without query":        {method: "GET", status: 400, code: "BAD_USER_INPUT", field: "query"},
		"get with wrong variables": {method: "GET", target: getTarget("x") + "&variables=x", status: 400, code: "BAD_USER_INPUT", field: "variables"},
		"get of half a pair":       {method: "GET", target: getTarget("x") + "&variables=%7B%22a%22%3A%22%5Cud800%22%7D", status: 400, code: "BAD_USER_INPUT", field: "variables.a"},
		"get of invalid UTF-8":     {method: "GET", target: "/?query=%7Bx%FF%7D", status: 400, code: "BAD_USER_INPUT", field: "query"},
		"mutation by get":          {method: "GET", target: getTarget("mutation{__typename}"), status: 405, code: "BAD_REQUEST"},
		"put":                      {method: "PUT", body: typenameBody, status: 405, code: "BAD_REQUEST"},
		"delete":                   {method: "DELETE", status: 405, code: "BAD_REQUEST"},
	})
}

func TestTransportBodies(t *testing.T) {
	wrong := func(body, field string) transportTest {
		return transportTest{body: body, status: 400, code: "BAD_USER_INPUT", field: field}
	}
	malformed := func(body string) transportTest {
		return transportTest{body: body, status: 400, code: "BAD_REQUEST"}
	}
	runTransportTests(t, map[string]transportTest{
		"byte order mark":    {body: "\ufeff" + typenameBody, status: 200},
		"mark in a document": {body: `{"query":"\ufeff{__typename}"}`, status: 200},
		"nulls":              {body: typenameBodyWith(`"variables":null,"operationName":null,"extensions":null`), status: 200},
		"maps":               {body: typenameBodyWith(`"variables":{"a":1},"extensions":{"b":[]}`), status: 200},
		"too large":          {body: `{"query":"` + strings.Repeat(" ", 1<<20) + `"}`, status: 413, code: "QUERY_TOO_COMPLEX"},
		"empty":              malformed(""),
		"malformed":          malformed(`{"query":`),
		"trailing":           malformed(typenameBody + "{}"),
		"batch":              malformed("[" + typenameBody + "]"),
		"string":             malformed(`"x"`),
		"no query":           wrong(`{}`, "query"),
		"null query":         wrong(`{"query":null}`, "query"),
		"object as query":    wrong(`{"query":{}}`, "query"),
		"number as name":     wrong(typenameBodyWith(`"operationName":1`), "operationName"),
		"array as variables": wrong(typenameBodyWith(`"variables":[1]`), "variables"),
		"PHP's empty maps":   {body: typenameBodyWith(`"variables":[],"extensions":[]`), status: 200},
		"text as extensions": wrong(typenameBodyWith(`"extensions":"x"`), "extensions"),
		"half a pair":        wrong(typenameBodyWith(`"variables":{"input":{"names":["x","a\ud800"]}}`), "variables.input.names.1"),
		"other half":         wrong(`{"query":"\udc00"}`, "query"),
		"half as name":       wrong(typenameBodyWith(`"variables":{"\ud800":1}`), "variables"),
		"not UTF-8":          wrong(typenameBodyWith(`"variables":{"a":"`+"\xff"+`"}`), "variables.a"),
		"encoded half":       wrong(typenameBodyWith(`"variables":{"a":"`+"\xed\xa0\x80"+`"}`), "variables.a"),
		"whole pair":         {body: typenameBodyWith(`"variables":{"a":"\ud83d\ude00"}`), status: 200},
		"several wrong":      wrong(typenameBodyWith(`"variables":1,"extensions":"x"`), "variables,extensions"),
	})
}

// Clients of application/json expect status 200 for all GraphQL errors.
func TestTransportStatusOfErrors(t *testing.T) {
	tests := map[string]transportTest{
		"unknown operation": {
			body: `{"query":"query a{__typename}","operationName":"b"}`, status: 400, code: "BAD_USER_INPUT", field: "operationName",
		},
		"one of two operations": {body: `{"query":"query a{__typename} query b{__typename}","operationName":"b"}`, status: 200},
		"none of two operations": {
			body: `{"query":"query a{__typename} query b{__typename}"}`, status: 400, code: "BAD_USER_INPUT", field: "operationName",
		},
	}
	for name, test := range map[string]transportTest{
		"syntax":          {body: `{"query":"{"}`, status: 400, code: "GRAPHQL_PARSE_FAILED"},
		"only a fragment": {body: `{"query":"fragment a on Query{__typename}"}`, status: 400, code: "GRAPHQL_PARSE_FAILED"},
		"invalid":         {body: `{"query":"{x}"}`, status: 400, code: "GRAPHQL_VALIDATION_FAILED"},
		"subscription":    {body: `{"query":"subscription{x}"}`, status: 400, code: "GRAPHQL_VALIDATION_FAILED"},
		"wrong variable":  {body: `{"query":"query($a:ID!){node(id:$a){id}}"}`, status: 400, code: "BAD_USER_INPUT", field: "a"},
		"failing field":   {body: `{"query":"{node(id:1){id}}"}`, status: 200, code: "UNAUTHENTICATED"},
		"failing root":    {body: `{"query":"{tickets{totalCount}}"}`, status: 200, code: "UNAUTHENTICATED"},
	} {
		test.header = acceptGraphQL
		tests[name] = test
		test.header, test.status = acceptJSON, 200
		tests[name+" for json"] = test
	}
	runTransportTests(t, tests)
}

func TestTransportMediaType(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for accept, want := range map[string]string{
		"":                                  mediaJSON,
		"*/*":                               mediaJSON,
		"application/*":                     mediaJSON,
		"application/json, text/plain, */*": mediaJSON,
		"application/json":                  mediaJSON,
		"application/graphql-response+json": mediaGraphQL,
		"application/graphql-response+json; charset=utf-8":                                        mediaGraphQL,
		"application/json, application/graphql-response+json":                                     mediaGraphQL,
		"application/graphql-response+json;q=0.5, application/json":                               mediaJSON,
		"application/graphql-response+json, application/json;q=0.9":                               mediaGraphQL,
		"multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json": mediaGraphQL,
		"text/html;q=0.9, */*;q=0.1":                                                              mediaJSON,
	} {
		got := server.query("{__typename}", "Accept: "+accept)
		if got.status != 200 || got.header.Get("Content-Type") != want+"; charset=utf-8" {
			t.Errorf("%q got %d %s", accept, got.status, got.header.Get("Content-Type"))
		}
	}
}

func TestTransportNeverEchoes(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for _, body := range []string{
		`{"query":"hunter2`, `["hunter2"]`, `"hunter2"`, `hunter2`, `{"query":{"hunter2":1}}`,
		`{"query":"{__typename}","variables":"hunter2"}`, `{"query":"{__typename}","operationName":"hunter2"}`,
		`{"query":"query($a:DateTime!){tickets(where:{createdAt:{eq:$a}}){totalCount}}","variables":{"a":"hunter2"}}`,
	} {
		if got := server.do(http.MethodPost, "/", body); strings.Contains(got.body, "hunter2") {
			t.Errorf("%s is repeated: %s", body, got.body)
		}
	}
	if strings.Contains(server.log.String(), "hunter2") {
		t.Errorf("the log has the body: %s", server.log)
	}
}

func TestTransportBodyOfUnknownLength(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Limits: Limits{Transport: transport.Limits{Body: 100}}})
	// The wrapper hides the reader's length, which makes the client send chunks.
	body := struct{ io.Reader }{strings.NewReader(strings.Repeat(" ", 200))}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", mediaJSON)
	response, err := server.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", response.StatusCode)
	}
}

// Requests that a page can send without a preflight are refused by their content type, whatever their headers.
func TestForgeablePosts(t *testing.T) {
	runTransportTests(t, map[string]transportTest{
		"text":               {body: typenameBody, header: "Content-Type: text/plain", status: 415, code: "BAD_REQUEST"},
		"text as JSON":       {body: typenameBody, header: "Content-Type: text/plain; application/json", status: 415, code: "BAD_REQUEST"},
		"form":               {body: "query=x", header: "Content-Type: application/x-www-form-urlencoded", status: 415, code: "BAD_REQUEST"},
		"multipart":          {body: typenameBody, header: "Content-Type: multipart/form-data; boundary=x", status: 415, code: "BAD_REQUEST"},
		"no type":            {body: typenameBody, header: "Content-Type: ", status: 415, code: "BAD_REQUEST"},
		"JSON, among others": {body: typenameBody, header: "Content-Type: text/plain, application/json", status: 415, code: "BAD_REQUEST"},
		"a mutation by GET":  {method: "GET", target: getTarget("mutation{__typename}"), status: 405, code: "BAD_REQUEST"},
	})
}

// A response to an unsupported body says what is supported.
func TestUnsupportedBodies(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for header, want := range map[string][2]string{
		"Content-Type: text/plain":                     {"application/json", ""},
		"Content-Type: application/json; charset=utf7": {"application/json", ""},
		"Content-Encoding: gzip":                       {"", "identity"},
		"Content-Encoding: br":                         {"", "identity"},
	} {
		got := server.do(http.MethodPost, "/", typenameBody, header)
		if found := [2]string{got.header.Get("Accept"), got.header.Get("Accept-Encoding")}; got.status != 415 || found != want {
			t.Errorf("%s got %d with Accept and Accept-Encoding %q, want %q", header, got.status, found, want)
		}
	}
}

// HEAD gets the status and headers of GET.
func TestHead(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for _, test := range []struct {
		target, accept string
		status         int
	}{
		{getTarget("{__typename}"), acceptJSON, 200},
		{getTarget("{__typename}"), acceptGraphQL, 200},
		{getTarget("{__typename}"), "Accept: text/event-stream", 200},
		{getTarget("subscription{failedDeliveryChanged{seq}}"), "Accept: text/event-stream", 200},
		{getTarget("{x}"), acceptGraphQL, 400},
		{getTarget("mutation{__typename}"), acceptJSON, 405},
		{"/", acceptJSON, 400},
		{getTarget("{__typename}"), "Accept: text/html", 406},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.server.URL+test.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		name, accept, _ := strings.Cut(test.accept, ": ")
		request.Header.Set(name, accept)
		head, err := server.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = head.Body.Close()
		if head.StatusCode != test.status || head.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s with %s got %d %v, want %d", test.target, test.accept, head.StatusCode, head.Header, test.status)
		}
		if strings.Contains(accept, "event") {
			if media := head.Header.Get("Content-Type"); media != "text/event-stream; charset=utf-8" {
				t.Errorf("an event stream has the type %s", media)
			}
			continue
		}
		if get := server.do(http.MethodGet, test.target, "", test.accept); get.header.Get("Content-Length") != head.Header.Get("Content-Length") {
			t.Errorf("%s with %s has the length %s, not %s", test.target, test.accept, head.Header.Get("Content-Length"), get.header.Get("Content-Length"))
		}
	}
}
