package resolvers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// Each account has one session.
var _ = inMatrix(
	func(w *world) {
		for name, person := range w.people {
			w.ids[name+"'s session"] = w.s.onlySession(person)
		}
	},
	[]row{
		{"node", given("id", "uma's session"), [6]string{anon, hide, hide, "uma's session", hide, "uma's session"}},
		{"node", given("id", "cleo's session"), [6]string{anon, "cleo's session", hide, hide, hide, "cleo's session"}},
		{"sessions", noInput, [6]string{anon, "cleo's session", "cato's session", "uma's session", "otto's session", "ada's session"}},
	},
	nil,
	[]row{
		{"endSession", onSession("uma"), [6]string{anon, hide, hide, okay, hide, okay}},
		{"endSession", onSession("cleo"), [6]string{anon, okay, hide, hide, hide, okay}},
	},
)

// The differential tests read some sessions of every account.
var _ = alsoSeeded(seed{
	kind: db.KindSession, some: 2 * someCustomers, list: "sessions",
	insert: func(s *seeder, i int) {
		session := fields{
			"_id": seededID(db.KindSession, i), "account_id": seededID(db.KindCustomer, i/2), "staff": false, "refresh_hash": "none",
			"created_at": momentAt(i), "expires_at": momentAt(i + 1),
		}
		if i%2 == 0 {
			session["account_id"], session["staff"] = seededID(db.KindUser, i/2%someUsers), true
		}
		if i%3 != 0 {
			session["refreshed_at"], session["device"], session["network"] = momentAt(i+2), textAt(i), "2001:db8::/64"
		}
		s.insert(db.Sessions.Collection, session)
	},
})

// onSession returns the id of a new session of an account.
func onSession(name string) input {
	return func(c *cell) variables {
		scope := c.scopeOf(name)
		session, _, err := c.s.db.StartSession(c.s.t.Context(), scope.Account, scope.IsStaff())
		if err != nil {
			c.s.t.Fatal(err)
		}
		return variables{"id": session.GlobalID()}
	}
}

// onlySession returns the id of the session that an account has.
func (s *server) onlySession(a account) string {
	s.t.Helper()
	return s.must(a.token, `{ sessions { nodes { id } } }`, nil).text("sessions.nodes.0.id")
}

const (
	listSessions = `query($of: ID) { sessions(of: $of) { nodes { id device network lastUsedAt current } totalCount } }`
	endSession   = `mutation($id: ID!) { endSession(input: {id: $id}) { endedId } }`
)

// TestSessions lists the sessions of an account, and ends them: those of one's own and, as an admin, those of others.
func TestSessions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for _, first := range []account{s.hire(ada, "Uma"), s.signUpCustomer("Cleo")} {
			second := s.anotherSession(first)
			a := s.must(second.token, listSessions, nil)
			if a.at("sessions.totalCount") != 2.0 || a.at("sessions.nodes.0.current") != true || a.at("sessions.nodes.1.current") != false ||
				strings.Count(a.raw, `"device":"Go-http-client","network":"127.0.0.1"`) != 2 {
				t.Errorf("the sessions are %s", a.raw)
			}
			s.must(second.token, endSession, variables{"id": a.text("sessions.nodes.1.id")})
			if s.alive(first) || !s.alive(second) {
				t.Error("the other session has ended, or the ended one lasts")
			}
			s.refused("", refreshMutation, variables{"token": first.refresh}, anon)
			s.refused(second.token, endSession, variables{"id": a.text("sessions.nodes.1.id")}, hide)

			s.setSession(second.refresh, store.Assignment{Field: "created_at", Value: time.Now().UTC().Add(-time.Hour).Truncate(time.Millisecond)})
			second = s.refreshed(second)
			a = s.must(ada.token, listSessions, variables{"of": first.id})
			used, err := time.Parse(time.RFC3339, a.text("sessions.nodes.0.lastUsedAt"))
			if a.at("sessions.totalCount") != 1.0 || a.at("sessions.nodes.0.current") != false || err != nil || time.Since(used) > 15*time.Minute {
				t.Errorf("an admin sees %s", a.raw)
			}
			s.must(ada.token, endSession, variables{"id": a.text("sessions.nodes.0.id")})
			if s.alive(second) || !s.alive(ada) {
				t.Error("the session that an admin ended lasts, or the admin's own has ended")
			}
		}
	})
}

// TestSessionsOfOthers tries to see and to end sessions that aren't one's own.
func TestSessionsOfOthers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma, cleo := s.hire(ada, "Uma"), s.signUpCustomer("Cleo")
		for _, other := range []account{s.hire(ada, "Otto"), s.signUpCustomer("Cato")} {
			for _, owner := range []account{ada, uma, cleo} {
				if a := s.must(other.token, listSessions, variables{"of": owner.id}); a.at("sessions.totalCount") != 0.0 {
					t.Errorf("%s sees the sessions of %s: %s", other.email, owner.email, a.raw)
				}
				s.refused(other.token, endSession, variables{"id": s.onlySession(owner)}, hide)
			}
			s.refused(other.token, listSessions, variables{"of": s.onlySession(other)}, bad)
			s.refused(other.token, endSession, variables{"id": other.id}, bad)
		}
		_, key := s.createKey(ada, variables{"name": "sync"})
		s.refused(key, listSessions, nil, deny)
		s.refused(key, endSession, variables{"id": s.onlySession(ada)}, deny)
	})
}

// TestDeviceOfSession checks that a session is named after the client that used it last, at a length that somebody can read.
func TestDeviceOfSession(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	ada := s.signUpUser("Ada")
	body := `{"query": "mutation { refresh(input: {refreshToken: \"` + ada.refresh + `\"}) { tokens { accessToken } } }"}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 "+strings.Repeat("x", 3000))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if a := s.must(ada.token, listSessions, nil); a.text("sessions.nodes.0.device") != "Firefox on Linux" {
		t.Errorf("the session is %s", a.raw)
	}
}
