package graph

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crm/graph/document"
)

func writeManifest(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func apolloManifest(operations ...string) string {
	return `{"format":"apollo-persisted-query-manifest","version":1,"operations":[` + strings.Join(operations, ",") + `]}`
}

func manifestEntry(id, body string) string {
	return fmt.Sprintf(`{"id":%q,"name":"A","type":"query","body":%q}`, id, body)
}

const schemaQuery = "{__schema{queryType{name}}}"

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	const other = "{ __typename }"
	for format, manifest := range map[string]string{
		"apollo": apolloManifest(manifestEntry("first", typenameQuery), manifestEntry("schema", schemaQuery)),
		"relay":  fmt.Sprintf(`{"first":%q,"schema":%q}`, typenameQuery, schemaQuery),
	} {
		trusted, err := document.ReadTrusted(writeManifest(t, manifest), ServedSchema(), document.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		server := newTestServer(t, HandlerConfig{TrustedDocuments: trusted})
		for name, test := range map[string]transportTest{
			"text":                  {body: typenameBody, status: 200},
			"id":                    {body: `{"documentId":"first"}`, status: 200},
			"id of Relay":           {body: `{"id":"first","variables":{}}`, status: 200},
			"id by get":             {method: "GET", target: "/?documentId=first", status: 200},
			"id as hash":            {body: `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"first"}}}`, status: 200},
			"hash":                  {body: hashBody(typenameQuery), status: 200},
			"hash as id":            {body: `{"documentId":"sha256:` + hashOf(typenameQuery) + `"}`, status: 200},
			"hash by get":           {method: "GET", target: "/?extensions=" + url.QueryEscape(persisted(typenameQuery)), status: 200},
			"trusted schema":        {body: `{"documentId":"schema"}`, status: 200},
			"other text":            {body: fmt.Sprintf(`{"query":%q}`, other), status: 200, code: "QUERY_NOT_IN_SAFELIST"},
			"other text, status":    {body: fmt.Sprintf(`{"query":%q}`, other), header: acceptGraphQL, status: 400, code: "QUERY_NOT_IN_SAFELIST"},
			"other introspection":   {body: `{"query":"{__schema{types{name}}}"}`, status: 200, code: "QUERY_NOT_IN_SAFELIST"},
			"other id":              {body: `{"documentId":"second"}`, status: 200, code: "PERSISTED_QUERY_NOT_FOUND"},
			"registering another":   {body: hashAndTextBody(other, other), status: 200, code: "QUERY_NOT_IN_SAFELIST"},
			"another as its hash":   {body: hashBody(other), status: 200, code: "PERSISTED_QUERY_NOT_FOUND"},
			"trusted hash of other": {body: hashAndTextBody(typenameQuery, other), status: 200, code: "QUERY_NOT_IN_SAFELIST"},
		} {
			t.Run(format+" "+name, func(t *testing.T) { test.run(t, server) })
		}
	}
}

func TestRefusedManifests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ manifest, word string }{
		"no JSON":         {"x", "neither"},
		"list":            {"[]", "neither"},
		"empty":           {"{}", "no documents"},
		"no operations":   {apolloManifest(), "no documents"},
		"other version":   {`{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}`, "version"},
		"no id":           {apolloManifest(manifestEntry("", typenameQuery)), "operation 0"},
		"no body":         {apolloManifest(manifestEntry("a", typenameQuery), manifestEntry("b", "")), "operation 1"},
		"one id twice":    {apolloManifest(manifestEntry("a", typenameQuery), manifestEntry("a", schemaQuery)), `"a"`},
		"syntax":          {`{"good":"{__typename}","bad":"{"}`, `"bad"`},
		"unknown field":   {apolloManifest(manifestEntry("good", typenameQuery), manifestEntry("bad", "{x}")), `"bad"`},
		"above the limit": {`{"bad":"` + strings.Repeat("{customer", 50) + strings.Repeat("}", 50) + `"}`, `"bad"`},
	} {
		_, err := document.ReadTrusted(writeManifest(t, test.manifest), ServedSchema(), document.Limits{})
		if err == nil || !strings.Contains(err.Error(), test.word) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s got %v", name, err)
		}
	}
	if _, err := document.ReadTrusted(filepath.Join(t.TempDir(), "none"), ServedSchema(), document.Limits{}); err == nil {
		t.Error("reading a missing file succeeds")
	}
}

// The complexity of trusted documents is limited, too, because it depends on variables.
func TestTrustedDocumentsKeepLimits(t *testing.T) {
	t.Parallel()
	const pages = "query($n:Int){customers(first:$n){nodes{interactions(first:$n){nodes{tickets(first:$n){nodes{id}}}}}}}"
	trusted, err := document.ReadTrusted(writeManifest(t, fmt.Sprintf(`{"pages":%q}`, pages)), ServedSchema(), document.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	server := newTestServer(t, HandlerConfig{TrustedDocuments: trusted})
	got := server.do(http.MethodPost, "/", `{"documentId":"pages","variables":{"n":100}}`)
	if got.codes() != "QUERY_TOO_COMPLEX" {
		t.Errorf("got %s", got.body)
	}
}
