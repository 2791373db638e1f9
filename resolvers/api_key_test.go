package resolvers_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/live"
	"crm/db/store"
)

// sync is an API key of uma.
var _ = inMatrix(
	func(w *world) {
		w.ids["sync"], _ = w.s.createKey(w.people["uma"], variables{"name": "sync"})
	},
	[]row{
		{"node", given("id", "sync"), [6]string{anon, hide, hide, "sync", hide, "sync"}},
		{"apiKeys", noInput, [6]string{anon, deny, deny, "sync", none, "sync"}},
	},
	nil,
	[]row{
		{"createApiKey", input(func(*cell) variables { return variables{"name": "new"} }), [6]string{anon, deny, deny, okay, okay, okay}},
		{"revokeApiKey", onKey, [6]string{anon, deny, deny, okay, hide, okay}},
	},
)

// The differential tests read some keys.
var _ = alsoSeeded(seed{
	kind: db.KindAPIKey, some: 10, list: "apiKeys", staffOnly: true,
	insert: func(s *seeder, i int) {
		key := fields{
			"_id": seededID(db.KindAPIKey, i), "user_id": seededID(db.KindUser, i%someUsers), "name": textAt(i), "role": "USER",
			"read_only": i%2 == 0, "networks": "", "secret_hash": "none", "created_at": momentAt(i), "version": 1,
		}
		if i%3 == 0 {
			key["networks"], key["expires_at"], key["last_used_at"] = "192.0.2.0/24 2001:db8::/32", momentAt(i+1), momentAt(i)
		}
		s.insert(db.APIKeys.Collection, key)
	},
})

// onKey returns the id of a new key of uma.
var onKey = input(func(c *cell) variables {
	key, _, err := c.s.db.CreateAPIKey(c.s.t.Context(), c.scopeOf("uma"), db.NewAPIKey{Name: "new"})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": key.GlobalID()}
})

const createKey = `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) {
	key apiKey { id name role readOnly allowedNetworks expiresAt lastUsedAt user { name } } } }`

// createKey creates an API key, and returns its id and the key itself.
func (s *server) createKey(of account, input variables) (id, key string) {
	s.t.Helper()
	a := s.must(of.token, createKey, variables{"input": input})
	return a.text("createApiKey.apiKey.id"), a.text("createApiKey.key")
}

// TestAPIKeys follows a key from its creation to its end.
func TestAPIKeys(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		a := s.must(uma.token, createKey, variables{"input": variables{"name": "Nightly sync", "allowedNetworks": []string{"127.0.0.1", " 2001:DB8::1/32"}}})
		const want = `"name":"Nightly sync","role":"USER","readOnly":false,"allowedNetworks":["127.0.0.1/32","2001:db8::/32"],"expiresAt":null,` +
			`"lastUsedAt":null,"user":{"name":"Uma"}`
		key, id := a.text("createApiKey.key"), a.text("createApiKey.apiKey.id")
		if !strings.Contains(a.raw, want) {
			t.Errorf("got %s\nwant %s", a.raw, want)
		}
		if !regexp.MustCompile(`^crm_[0-9a-f]{96}$`).MatchString(key) || !strings.HasPrefix(key, "crm_"+strings.TrimPrefix(id, "key_")) {
			t.Errorf("the key is %q", key)
		}
		if got := s.must(key, `{ viewer { ... on User { name role } } }`, nil); !strings.Contains(got.raw, `"name":"Uma","role":"USER"`) {
			t.Errorf("the key's viewer is %s", got.raw)
		}
		s.must(key, `mutation { createCustomer(input: {name: "Cleo", email: "cleo@crm.example"}) { customer { id } } }`, nil)
		list := s.must(uma.token, `{ apiKeys { nodes { name lastUsedAt } totalCount } }`, nil)
		if strings.Contains(list.raw, key) || strings.Contains(list.raw, `"lastUsedAt":null`) {
			t.Errorf("after its use, the keys are %s", list.raw)
		}
		s.must(ada.token, `mutation($id: ID!) { revokeApiKey(input: {id: $id}) { revokedId } }`, variables{"id": id})
		if got := s.ask(key, `{ latestSeq }`, nil); got.Status != 401 {
			t.Errorf("a revoked key got %s", got.raw)
		}
	})
}

// TestWrongAPIKeys tries keys that must not be created.
func TestWrongAPIKeys(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		for path, wrong := range map[string]variables{
			"input.name":              {"name": " "},
			"input.role":              {"name": "sync", "role": "ADMIN"},
			"input.expiresAt":         {"name": "sync", "expiresAt": "2020-01-01T00:00:00Z"},
			"input.allowedNetworks.1": {"name": "sync", "allowedNetworks": []string{"192.0.2.7", "192.0.2.0/33"}},
		} {
			if got := s.refused(uma.token, createKey, variables{"input": wrong}, "BAD_USER_INPUT"); got.Extensions.Fields[0].Path != path {
				t.Errorf("%s: the error is at %q", path, got.Extensions.Fields[0].Path)
			}
		}
	})
}

// TestLimitsOfAPIKeys checks that a key never may do more than it should.
func TestLimitsOfAPIKeys(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		adminsID, admins := s.createKey(ada, variables{"name": "all"})
		_, users := s.createKey(ada, variables{"name": "as a user", "role": "USER"})
		_, reading := s.createKey(ada, variables{"name": "reports", "readOnly": true})
		_, elsewhere := s.createKey(ada, variables{"name": "elsewhere", "allowedNetworks": []string{"192.0.2.0/24"}})
		s.must(admins, `{ mailHealth { pending } }`, nil)
		s.must(reading, `{ mailHealth { pending } }`, nil)
		s.refused(users, `{ mailHealth { pending } }`, nil, "FORBIDDEN")
		const create = `mutation { createCustomer(input: {name: "Cleo", email: "cleo@crm.example"}) { customer { id } } }`
		s.must(users, create, nil)
		s.refused(reading, create, nil, "FORBIDDEN")
		if got := s.ask(elsewhere, `{ latestSeq }`, nil); got.Status != 401 {
			t.Errorf("a key for another network got %s", got.raw)
		}
		for _, query := range []string{
			`mutation { logOut { endedSessions } }`, `mutation { logOutEverywhere { endedSessions } }`,
			`mutation { createApiKey(input: {name: "more"}) { key } }`,
			`mutation { revokeApiKey(input: {id: "` + adminsID + `"}) { revokedId } }`,
			`mutation { changePassword(input: {currentPassword: "` + password + `", newPassword: "battery staple"}) { endedSessions } }`,
			`mutation { setPassword(input: {id: "` + uma.id + `", newPassword: "battery staple"}) { endedSessions } }`,
		} {
			s.refused(admins, query, nil, "FORBIDDEN")
		}

		// The key of a user who becomes an admin, and then a user again, has the role that it was given.
		_, umas := s.createKey(uma, variables{"name": "sync"})
		setRole := func(role string) {
			s.must(ada.token, `mutation($id: ID!, $role: Role!) { updateUser(input: {id: $id, role: $role}) { user { role } } }`,
				variables{"id": uma.id, "role": role})
		}
		setRole("ADMIN")
		s.refused(umas, `{ mailHealth { pending } }`, nil, "FORBIDDEN")
		_, promoted := s.createKey(s.logInUser(uma.email), variables{"name": "admin's"})
		s.must(promoted, `{ mailHealth { pending } }`, nil)
		setRole("USER")
		s.refused(promoted, `{ mailHealth { pending } }`, nil, "FORBIDDEN")
		s.must(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { user { id } } }`, variables{"id": uma.id})
		if got := s.ask(umas, `{ latestSeq }`, nil); got.Status != 401 {
			t.Errorf("the key of a deactivated user got %s", got.raw)
		}
	})
}

// TestForgedAPIKeys tries texts that look like keys.
func TestForgedAPIKeys(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		id, key := s.createKey(ada, variables{"name": "sync"})
		_, other := s.createKey(ada, variables{"name": "other"})
		parsed, expires := idOf(t, id), time.Now().Add(-time.Second)
		expiredID, expired := s.createKey(ada, variables{"name": "expired", "expiresAt": time.Now().Add(time.Hour).UTC()})
		err := s.store.Update(t.Context(), db.APIKeys.Collection, idOf(t, expiredID), store.And(), []store.Assignment{{Field: "expires_at", Value: expires}})
		if err != nil {
			t.Fatal(err)
		}
		s.must(key, `{ latestSeq }`, nil) // and now it is cached
		for name, forged := range map[string]string{
			"another secret":            auth.FormatAPIKey(parsed, auth.NewAPIKeySecret()),
			"the secret of another key": auth.FormatAPIKey(parsed, other[28:92]),
			"an unknown id":             auth.FormatAPIKey(store.NewID(), key[28:92]),
			"a wrong checksum":          key[:99] + "g",
			"only the prefix":           "crm_",
			"in capitals":               strings.ToUpper(key),
			"an expired key":            expired,
		} {
			if got := s.ask(forged, `{ latestSeq }`, nil); got.Status != 401 || strings.Contains(got.raw, forged) {
				t.Errorf("%s: got %d %s", name, got.Status, got.raw)
			}
		}
		s.must(key, `{ latestSeq }`, nil)
	})
}

// TestStreamsEndWithTheirKey checks that a stream ends when another process revokes its key.
func TestStreamsEndWithTheirKey(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		runBroker(t, s.db)
		s.settle()
		id, text := s.createKey(ada, variables{"name": "listener"})
		viewer, ok, err := s.db.LiveKey(t.Context(), idOf(t, id), text[28:92], "192.0.2.1")
		if err != nil || !ok {
			t.Fatalf("the key is not live: %v", err)
		}
		_, ended := watchTickets(t.Context(), t, s.db, viewer, "0")
		other := serve(t, s.store, db.Options{})
		if err := other.db.RevokeAPIKey(t.Context(), s.viewer(ada).Scope(), idOf(t, id)); err != nil {
			t.Fatal(err)
		}
		if code := ended.code(t); code != store.Unauthenticated {
			t.Errorf("the stream ends with %q", code)
		}
		if _, err := db.Subscribe(t.Context(), s.db, s.db.Tickets, viewer, live.Watch{}); store.CodeOf(err) != store.Unauthenticated {
			t.Errorf("subscribing again: %v", err)
		}
	})
}
