package oidc

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crm/db/store"
)

// TestDiscovery asks a provider for its metadata that fails at first: it is left alone for a moment, and then asked again, once.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	metadata := atomic.Pointer[string]{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if text := metadata.Load(); text != nil {
			_, _ = fmt.Fprint(w, *text)
			return
		}
		http.Error(w, "out of order", http.StatusBadGateway)
	}))
	t.Cleanup(server.Close)
	p := &Provider{Name: "corp", Label: "Corp", issuer: server.URL, clientID: "crm"}
	for range 3 {
		if _, err := p.Address(t.Context(), NewProof()); store.CodeOf(err) != store.Unavailable || !strings.Contains(err.Error(), "502") {
			t.Errorf("a provider that is out of order gives %v", err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("a provider that is out of order was asked %d times", n)
	}
	const form = `{"issuer": %q, "authorization_endpoint": "https://id.example.com/a", "token_endpoint": %q, "jwks_uri": "https://id.example.com/k"}`
	for name, text := range map[string]string{
		"another issuer":       fmt.Sprintf(form, server.URL+"/", "https://id.example.com/t"),
		"an unprotected token": fmt.Sprintf(form, server.URL, "http://id.example.com/t"),
		"no addresses":         fmt.Sprintf(`{"issuer": %q}`, server.URL),
		"no JSON":              "<html>",
		"a long answer":        `{"issuer": "` + strings.Repeat("x", 2*maxAnswer) + `"}`,
	} {
		p.failedAt = time.Time{}
		metadata.Store(&text)
		if _, err := p.Address(t.Context(), NewProof()); store.CodeOf(err) != store.Unavailable {
			t.Errorf("%s: got %v", name, err)
		}
	}
	p.failedAt = time.Time{}
	metadata.Store(new(fmt.Sprintf(form, server.URL, "https://id.example.com/t")))
	before := asked.Load()
	for range 2 {
		if _, err := p.Address(t.Context(), NewProof()); err != nil {
			t.Error(err)
		}
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("a provider that works again was asked %d times", n)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	p := &Provider{adminValues: []string{"admins", "owners"}, userValues: []string{"users"}}
	everybody := &Provider{adminValues: []string{"admins"}}
	claims := map[string]any{
		"text": "admins", "list": []any{"users", 7.0}, "both": []any{"users", "owners"}, "other": []any{"sales"}, "number": 7.0,
		"realm": map[string]any{"roles": []any{"admins"}}, "https://example.com/roles": "users",
	}
	for name, want := range map[string][2]string{
		"text": {"ADMIN", "ADMIN"}, "list": {"USER", "USER"}, "both": {"ADMIN", "USER"}, "other": {"", "USER"}, "number": {"", "USER"}, "none": {"", "USER"},
		"realm.roles": {"ADMIN", "ADMIN"}, "realm.none": {"", "USER"}, "text.roles": {"", "USER"}, "https://example.com/roles": {"USER", "USER"},
	} {
		values := valuesOf(claims, name)
		if got := [2]string{string(p.roleOf(values)), string(everybody.roleOf(values))}; got != want {
			t.Errorf("the claim %s gives %q, want %q", name, got, want)
		}
	}
}
