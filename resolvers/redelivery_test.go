package resolvers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

const redeliverFailed = `mutation($input: RedeliverFailedInput!) { redeliverFailed(input: $input) { redelivered remaining } }`

// seedDeliveries stores deliveries with different fates in place of all others, and returns a function that names those that
// are due, by their place among them.
func (s *server) seedDeliveries() (due func() string) {
	s.t.Helper()
	if _, err := s.store.Purge(s.t.Context(), db.Deliveries.Collection, store.Filter{}, 100); err != nil {
		s.t.Fatal(err)
	}
	later := time.Now().UTC().Truncate(time.Millisecond).Add(time.Hour)
	text := func(text string) *string { return &text }
	held := later.Add(-2 * time.Hour)
	about, account := store.NewID(), auth.AccountKey(auth.User, store.NewID())
	for i, d := range []db.Delivery{
		{Status: db.DeliveryFailed, LastError: text("550 no such user"), Recipient: "a@old.example"},
		{Status: db.DeliveryFailed, LastError: text("554 Relay access denied"), Recipient: "b@new.example"},
		{Status: db.DeliveryFailed, LastError: text("554 Relay access denied"), Recipient: "c@new.example"},
		{Status: db.DeliveryFailed, Subject: entity.ErasedText},
		{Status: db.DeliveryKept},
		{Status: db.DeliveryCancelled},
		{Status: db.DeliveryPending, HeldAt: &held, LastError: text("535 no")},
		{Status: db.DeliveryPending, Lease: store.NewID()},
		{Status: db.DeliverySent},
		{Status: db.DeliveryFailed, EntityID: about, Account: account, Seq: 5}, // out of date
		{Status: db.DeliverySent, EntityID: about, Account: account, Seq: 6},
		{Status: db.DeliverySent, EntityID: about, Account: account, Seq: 7},
	} {
		d.ID, d.EventID, d.Channel, d.Attempts = store.NewID(), store.NewID(), "mail", 3
		if d.EntityID.IsZero() {
			d.EntityID = store.NewID()
		}
		d.NextAttemptAt, d.CreatedAt = later, later.Add(time.Duration(i-48)*time.Hour)
		s.insert(db.Deliveries.Collection, &d)
	}
	return func() string {
		s.t.Helper()
		names := ""
		found, err := s.db.RecentDeliveries(s.t.Context(), 100)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, d := range found {
			if d.Status == db.DeliveryPending && d.NextAttemptAt.Before(later) && d.Attempts == 0 {
				names += fmt.Sprintf("%d ", 48+int(d.CreatedAt.Sub(later)/time.Hour))
			}
		}
		return names
	}
}

func withStatus(in ...string) variables { return variables{"status": variables{"in": in}} }

// redeliveries send many messages again, each time of the same seed.
var redeliveries = []struct {
	name, due string
	input     variables
	remaining float64
}{
	{"the failed ones", "2 1 0 ", variables{}, 0},
	{"without conditions", "2 1 0 ", variables{"where": variables{}}, 0},
	{"the oldest first", "1 0 ", variables{"first": 2}, 2},
	{"by reason", "2 1 ", variables{"where": variables{"lastError": variables{"contains": "Relay"}}}, 0},
	{"by recipient", "2 ", variables{"where": variables{"recipient": variables{"startsWith": "c@"}}}, 0},
	{"by time", "0 ", variables{"where": variables{"createdAt": variables{"lt": time.Now().Add(-46*time.Hour - time.Minute)}}}, 0},
	{"the kept ones", "4 ", variables{"where": withStatus("KEPT")}, 0},
	{"the waiting ones", "6 ", variables{"where": withStatus("PENDING")}, 0},
	{"several statuses", "5 4 2 1 0 ", variables{"where": withStatus("FAILED", "CANCELLED", "KEPT", "SENT")}, 0},
	{"a status inside", "2 ", variables{"where": variables{"or": []variables{
		withStatus("KEPT"), {"recipient": variables{"startsWith": "c@"}},
	}}}, 0},
	{"what was sent", "", variables{"where": withStatus("SENT")}, 0},
}

func TestRedeliverFailed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("ada")
		for _, test := range redeliveries {
			due := s.seedDeliveries()
			a := s.must(admin.token, redeliverFailed, variables{"input": test.input})
			if got := due(); got != test.due || a.at("redeliverFailed.redelivered") != float64(len(test.due)/2) ||
				a.at("redeliverFailed.remaining") != test.remaining {
				t.Errorf("%s: %q are due, want %q; the answer is %s", test.name, got, test.due, a.raw)
			}
		}
		for _, first := range []int{0, 1001} {
			s.refused(admin.token, redeliverFailed, variables{"input": variables{"first": first}}, string(store.BadInput))
		}
	})
}

// TestRedeliverOutdated: nobody gets an old message after a newer one about the same object.
func TestRedeliverOutdated(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("ada")
		s.seedDeliveries()
		outdated := func() (old, latest *db.Delivery) {
			t.Helper()
			found, err := s.db.RecentDeliveries(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				switch d.Seq {
				case 5:
					old = d
				case 7:
					latest = d
				}
			}
			return old, latest
		}
		old, latest := outdated()
		problem := s.refused(admin.token, `mutation($id: ID!) { redeliver(input: {id: $id}) { delivery { id } } }`,
			variables{"id": old.GlobalID()}, string(store.BadInput))
		if !strings.Contains(problem.Message, "out of date") || !strings.Contains(problem.Message, latest.GlobalID()) {
			t.Errorf("the refusal says %s", problem.Message)
		}
		s.must(admin.token, redeliverFailed, variables{"input": variables{}})
		if old, _ := outdated(); old.Status != db.DeliverySuperseded || old.SupersededBy == nil || *old.SupersededBy != latest.ID {
			t.Errorf("the old message is %s, superseded by %v", old.Status, old.SupersededBy)
		}
	})
}

func TestMailHealth(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("ada")
		const health = `{ mailHealth { pending held heldSince problem failed kept } }`
		a := s.must(admin.token, health, nil)
		if !strings.Contains(a.raw, `{"pending":0,"held":0,"heldSince":null,"problem":null,"failed":0,"kept":0}`) {
			t.Errorf("at first: %s", a.raw)
		}
		s.seedDeliveries()
		a = s.must(admin.token, health, nil)
		for field, want := range map[string]any{"pending": 2.0, "held": 1.0, "problem": "535 no", "failed": 5.0, "kept": 1.0} {
			if got := a.at("mailHealth." + field); got != want {
				t.Errorf("%s is %v, want %v", field, got, want)
			}
		}
		if a.at("mailHealth.heldSince") == nil {
			t.Error("heldSince is null")
		}
	})
}

// TestMailHealthAfterRedelivery checks that what was wrong with a message before it is sent again is no problem of now.
func TestMailHealthAfterRedelivery(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("ada")
		held, reason := time.Now().Add(-time.Hour), "535 no"
		refused := func(status db.DeliveryStatus) *db.Delivery {
			t.Helper()
			if _, err := s.store.Purge(t.Context(), db.Deliveries.Collection, store.Filter{}, 100); err != nil {
				t.Fatal(err)
			}
			d := &db.Delivery{
				ID: store.NewID(), EventID: store.NewID(), EntityID: store.NewID(), Channel: "mail", Status: status, HeldAt: &held, LastError: &reason,
				NextAttemptAt: time.Now().Add(time.Hour), CreatedAt: held,
			}
			s.insert(db.Deliveries.Collection, d)
			return d
		}
		redeliver := func(d *db.Delivery) {
			t.Helper()
			a := s.must(admin.token, `mutation($id: ID!) { redeliver(input: {id: $id}) { delivery { status lastError } } }`, variables{"id": d.GlobalID()})
			if a.at("redeliver.delivery.lastError") != nil {
				t.Errorf("the answer is %s", a.raw)
			}
		}
		for _, test := range []struct {
			name   string
			status db.DeliveryStatus
			again  func(*db.Delivery)
		}{
			{"a failed one", db.DeliveryFailed, redeliver},
			{"one that waits", db.DeliveryPending, redeliver},
			{"many", db.DeliveryFailed, func(*db.Delivery) { s.must(admin.token, redeliverFailed, variables{"input": variables{}}) }},
			{"one that was cancelled while it waited", db.DeliveryPending, func(d *db.Delivery) {
				due := []store.Assignment{{Field: "next_attempt_at", Value: held}}
				if err := s.store.Update(t.Context(), db.Deliveries.Collection, d.ID, store.Filter{}, due); err != nil {
					t.Fatal(err)
				}
				claimed, err := s.db.ClaimDelivery(t.Context(), time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.db.CancelDelivery(t.Context(), claimed, "the recipient's account is deactivated"); err != nil {
					t.Fatal(err)
				}
				if found, err := s.db.RecentDeliveries(t.Context(), 1); err != nil || found[0].HeldAt != nil {
					t.Errorf("a cancelled message is held: %v, %v", found, err)
				}
				redeliver(claimed)
			}},
		} {
			test.again(refused(test.status))
			a := s.must(admin.token, `{ mailHealth { pending held heldSince problem } }`, nil)
			if !strings.Contains(a.raw, `{"pending":1,"held":0,"heldSince":null,"problem":null}`) {
				t.Errorf("%s: %s", test.name, a.raw)
			}
			if found, err := s.db.RecentDeliveries(t.Context(), 1); err != nil || found[0].LastError != nil {
				t.Errorf("%s: its last error is that of before, %v", test.name, err)
			}
		}
	})
}
