package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestLogLine(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	body := requestBody(
		t, `mutation Enter($p:String!){logInUser(input:{email:"secret@gmail.com",password:$p}){user{id}} a:__typename}`,
		map[string]any{"p": "hunter2"},
	)
	server.do(http.MethodPost, "/", body, "As: USER", "X-Request-Id: request-1")
	server.query("query Tickets{tickets{totalCount}}")
	server.query("{nope nada}")
	server.do(http.MethodPost, "/", "[]")
	lines := operationLines(t, server.log.String())
	if len(lines) != 4 {
		t.Fatalf("got %d lines: %s", len(lines), server.log)
	}
	for i, want := range []map[string]any{
		{
			"requestId": "request-1", "operation": "Enter", "type": "mutation", "role": "USER",
			"viewer": "usr_010000000000000000000000", "complexity": 4.0, "storeCalls": 0.0, "errors": "[INTERNAL_SERVER_ERROR]",
		},
		{"operation": "Tickets", "type": "query", "errors": "[UNAUTHENTICATED]", "role": nil},
		{"operation": nil, "errors": "[GRAPHQL_VALIDATION_FAILED]"},
		{"operation": nil, "errors": "[BAD_REQUEST]"},
	} {
		for name, value := range want {
			got := lines[i][name]
			if codes, ok := got.([]any); ok {
				got = fmt.Sprint(codes)
			}
			if got != value {
				t.Errorf("line %d: %s is %v, want %v", i, name, got, value)
			}
		}
	}
	if log := server.log.String(); strings.Contains(log, "hunter2") || strings.Contains(log, "secret@") {
		t.Errorf("the log contains input: %s", log)
	}
}

// TestSlowOperation checks that a slow operation is logged as such, once, with its cost and its document's hash.
func TestSlowOperation(t *testing.T) {
	t.Parallel()
	const document = "query Slow{__typename viewer{__typename}}"
	server := newTestServer(t, HandlerConfig{LogSlow: time.Nanosecond})
	server.query(document, "As: USER")
	hash := sha256.Sum256([]byte(document))
	log := server.log.String()
	for _, want := range []string{
		`"level":"WARN","msg":"slow operation"`, `"operation":"Slow"`, `"documentHash":"` + hex.EncodeToString(hash[:]) + `"`,
		`"complexity":`, `"storeCalls":0`, `"duration":`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("there is no %s in %s", want, log)
		}
	}
	if strings.Count(log, "\n") != 1 {
		t.Errorf("the log is %s", log)
	}
	fast := newTestServer(t, HandlerConfig{LogSlow: time.Hour})
	fast.query(document)
	if log := fast.log.String(); strings.Contains(log, "slow") || strings.Contains(log, "documentHash") {
		t.Errorf("the log is %s", log)
	}
}

func operationLines(t *testing.T, log string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] == "operation" {
			lines = append(lines, line)
		}
	}
	return lines
}
