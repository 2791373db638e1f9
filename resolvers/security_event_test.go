package resolvers_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// Each account has logged in once, or signed up.
var _ = inMatrix(
	func(w *world) {
		for name, person := range w.people {
			w.ids[name+" came"] = w.s.must(person.token, `query($of: ID) { securityEvents(of: $of, last: 1) { nodes { id } } }`,
				variables{"of": person.id}).text("securityEvents.nodes.0.id")
		}
		w.ids["key made"] = w.s.must(w.people["uma"].token, `{ securityEvents(first: 1) { nodes { id } } }`, nil).text("securityEvents.nodes.0.id")
	},
	[]row{
		{"node", given("id", "uma came"), [6]string{anon, hide, hide, "uma came", hide, "uma came"}},
		{"node", given("id", "cleo came"), [6]string{anon, "cleo came", hide, hide, hide, "cleo came"}},
		{"securityEvents", noInput, [6]string{
			anon, "cleo came", "cato came", "key made uma came", "otto came", "ada came cato came cleo came key made otto came uma came",
		}},
	},
	nil, nil,
)

// The differential tests read some security events of every account.
var _ = alsoSeeded(seed{
	kind: db.KindSecurityEvent, some: 2 * someCustomers, list: "securityEvents",
	insert: func(s *seeder, i int) {
		event := fields{
			"_id": seededID(db.KindSecurityEvent, i), "account_id": seededID(db.KindCustomer, i/2), "staff": false, "kind": "LOGGED_IN",
			"created_at": momentAt(i),
		}
		if i%2 == 0 {
			event["account_id"], event["staff"] = seededID(db.KindUser, i/2%someUsers), true
		}
		if i%3 != 0 {
			event["kind"], event["actor_id"], event["api_key_id"] = "ROLE_CHANGED", seededID(db.KindUser, i%(someUsers+1)), seededID(db.KindAPIKey, i)
			event["device"], event["network"] = textAt(i), "2001:db8::/64"
		}
		s.insert(db.SecurityEvents.Collection, event)
	},
})

// TestSecurityEvents does what concerns the security of accounts, and reads it again: as the account's holder, and as an admin.
func TestSecurityEvents(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		s.wrong(uma.email, 1)
		keyID, _ := s.createKey(uma, variables{"name": "sync"})
		s.must(uma.token, `mutation($id: ID!) { revokeApiKey(input: {id: $id}) { revokedId } }`, variables{"id": keyID})
		s.must(uma.token, `mutation { changePassword(input: {currentPassword: "`+password+`", newPassword: "`+nextPassword+`"}) { endedSessions } }`, nil)
		s.must(ada.token, `mutation($id: ID!) { updateUser(input: {id: $id, email: "u@example.com", name: "U"}) { user { id } } }`, variables{"id": uma.id})
		s.must(ada.token, `mutation($id: ID!) { updateUser(input: {id: $id, name: "Uma"}) { user { id } } }`, variables{"id": uma.id})
		adminsKeyID, adminsKey := s.createKey(ada, variables{"name": "directory"})
		s.must(adminsKey, `mutation($id: ID!) { updateUser(input: {id: $id, role: ADMIN}) { user { id } } }`, variables{"id": uma.id})
		s.must(ada.token, `mutation($id: ID!) { updateUser(input: {id: $id, role: USER}) { user { id } } }`, variables{"id": uma.id})
		const want = "ROLE_CHANGED ROLE_CHANGED EMAIL_CHANGED PASSWORD_CHANGED API_KEY_REVOKED API_KEY_CREATED LOG_IN_FAILED LOGGED_IN"
		if got := s.kindsOfEvents(uma); got != want {
			t.Errorf("the events are %s\nwant %s", got, want)
		}
		a := s.must(ada.token, `query($of: ID) { securityEvents(of: $of) { nodes { accountId actor { name } apiKeyId device network } } }`, variables{"of": uma.id})
		byKey := fmt.Sprintf(`{"accountId":%q,"actor":{"name":"Ada"},"apiKeyId":%q,"device":"Go-http-client","network":"127.0.0.1"}`, uma.id, adminsKeyID)
		own := fmt.Sprintf(`{"accountId":%q,"actor":null,"apiKeyId":null,"device":"Go-http-client","network":"127.0.0.1"}`, uma.id)
		if strings.Count(a.raw, byKey) != 1 || strings.Count(a.raw, own) != 5 {
			t.Errorf("an admin sees %s", a.raw)
		}
		if all := s.must(ada.token, `{ securityEvents { totalCount } }`, nil); all.at("securityEvents.totalCount") != 10.0 {
			t.Errorf("all events are %s", all.raw)
		}
		if a := s.must(uma.token, `query($of: ID) { securityEvents(of: $of) { totalCount } }`, variables{"of": ada.id}); a.at("securityEvents.totalCount") != 0.0 {
			t.Errorf("a user sees the events of another: %s", a.raw)
		}
		s.must(ada.token, `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`, variables{"id": uma.id})
		if n, err := s.store.Count(t.Context(), db.SecurityEvents.Collection, store.Eq("account_id", idOf(t, uma.id))); n != 0 || err != nil {
			t.Errorf("a deleted account has %d events: %v", n, err)
		}
	})
}

// TestEventsNameTheKey checks that the log of all changes says which API key made one.
func TestEventsNameTheKey(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		id, key := s.createKey(ada, variables{"name": "import"})
		for token, named := range map[string]bool{key: true, ada.token: false} {
			a := s.must(token, `mutation { createCustomer(input: {name: "Cleo"}) { customer { id } } }`, nil)
			s.settle()
			events, err := s.db.Log.Find(t.Context(), store.Eq("entity_id", idOf(t, a.text("createCustomer.customer.id"))), 0, 10, 0)
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events: %v", len(events), err)
			}
			if got := strings.Contains(events[0].Data, `"apiKey":"`+strings.TrimPrefix(id, "key_")+`"`); got != named {
				t.Errorf("the event names the key: %v, want %v: %s", got, named, events[0].Data)
			}
		}
	})
}

// TestOneMailADayAboutAttempts checks that the owner of an account is told once, whatever was tried: its log-in, or its password in a session.
func TestOneMailADayAboutAttempts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		s.wrong(uma.email, 10)
		s.limited(uma.email, password)
		s.refused(uma.token, startTwoFactor, variables{"password": "a wrong guess"}, "RATE_LIMITED")
		s.refused(uma.token, startTwoFactor, variables{"password": password}, "RATE_LIMITED")
		if kinds := s.kindsOfEvents(uma); strings.Count(kinds, "LOG_INS_LIMITED") != 1 {
			t.Errorf("the security events are %s", kinds)
		}
	})
}

// logged is what a server has logged.
type logged struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

// take returns what was logged since it was last called.
func (l *logged) take() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// TestReasonsInTheLog checks what the log says about wrong answers.
func TestReasonsInTheLog(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		var log logged
		s = serve(t, s.store, db.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		ada := s.signUpUser("Ada")
		uma, otto := s.hire(ada, "Uma"), s.hire(ada, "Otto")
		s.enrol(uma)
		for reason, attempt := range map[string]func(){
			"wrong address or password": func() { s.wrong(uma.email, 1) },
			"wrong current password": func() {
				s.refused(uma.token, `mutation { changePassword(input: {currentPassword: "a wrong guess", newPassword: "battery staple"}) { endedSessions } }`, nil, bad)
			},
			"wrong password for a new address": func() {
				s.refused(uma.token, requestChange, variables{"email": "uma@new.example", "password": "a wrong guess"}, bad)
			},
			"wrong password for two-factor authentication": func() {
				s.refused(otto.token, startTwoFactor, variables{"password": "a wrong guess"}, bad)
			},
			"wrong code": func() { s.refused(uma.token, disableTwoFactor, variables{"code": "no code"}, bad) },
		} {
			log.take()
			attempt()
			if got := log.take(); strings.Count(got, `msg="log-in refused"`) != 1 || !strings.Contains(got, fmt.Sprintf("reason=%q", reason)) {
				t.Errorf("the log says %s, want the reason %q", got, reason)
			}
		}
	})
}

// TestMailedEventsAreWrittenWithTheirChange checks that the owner is told by mail of what happened, even if the server is killed before it
// has written the security event.
func TestMailedEventsAreWrittenWithTheirChange(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		s = serve(t, forgetful{s.store, db.SecurityEvents.Collection}, db.Options{})
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		_, recovery := s.enrol(uma)
		s.must(uma.token, disableTwoFactor, variables{"code": recovery[0]})
		s.enrol(uma)
		s.must(ada.token, resetTwoFactor, variables{"id": uma.id})
		s.wrong(uma.email, 10)
		s.limited(uma.email, password)
		if kinds := s.kindsOfEvents(uma); kinds != "" {
			t.Errorf("the security events are %s, want none", kinds)
		}
		const want = "LOG_INS_LIMITED RECOVERY_CODE_USED TWO_FACTOR_DISABLED TWO_FACTOR_ENABLED TWO_FACTOR_ENABLED TWO_FACTOR_RESET"
		if kinds := s.announcedKinds(); kinds != want {
			t.Errorf("the log has %s, want %s", kinds, want)
		}
	})
}

// announcedKinds returns the kinds of the security events in the log, in alphabetical order.
func (s *server) announcedKinds() string {
	s.t.Helper()
	for moved := 1; moved > 0; {
		var err error
		if moved, err = s.store.MoveEvents(s.t.Context(), 100); err != nil {
			s.t.Fatal(err)
		}
	}
	events, err := s.db.Log.Find(s.t.Context(), store.Eq("type", db.EventSecurityEventCreated), 0, 100, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	var kinds []string
	for _, event := range events {
		envelope, ok, err := entity.DecodeEnvelope(event)
		if !ok || err != nil {
			s.t.Fatalf("the event %s has no envelope: %v", event.Data, err)
		}
		kinds = append(kinds, strings.Trim(string(envelope.State["kind"]), `"`))
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
}
