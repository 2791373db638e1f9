package notify

import (
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestWhen checks that times are written in the recipient's zone, with its offset, and whole days as days.
func TestWhen(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, test := range []struct {
		zone, start, end string
		allDay           bool
		want             string
	}{
		{"UTC", "2024-08-27T20:03:00Z", "", false, "Tue, 27 Aug 2024, 20:03 UTC"},
		{"UTC", "2024-08-27T20:03:00Z", "2024-08-27T21:03:00Z", false, "Tue, 27 Aug 2024, 20:03 to 21:03 UTC"},
		{"UTC", "2024-08-27T20:03:00Z", "2024-08-28T20:03:00Z", false, "Tue, 27 Aug 2024, 20:03 to Wed, 28 Aug 2024, 20:03 UTC"},
		{"Europe/London", "2024-01-15T09:00:00Z", "", false, "Mon, 15 Jan 2024, 09:00 UTC"},
		{"Europe/London", "2024-07-15T09:00:00Z", "", false, "Mon, 15 Jul 2024, 10:00 UTC+01:00"},
		{"Asia/Kolkata", "2024-08-27T20:03:00Z", "2024-08-27T21:03:00Z", false, "Wed, 28 Aug 2024, 01:33 to 02:33 UTC+05:30"},
		{"Asia/Kolkata", "2024-08-27T18:00:00Z", "2024-08-27T19:00:00Z", false, "Tue, 27 Aug 2024, 23:30 to Wed, 28 Aug 2024, 00:30 UTC+05:30"},
		{"America/St_Johns", "2024-01-15T12:00:00Z", "", false, "Mon, 15 Jan 2024, 08:30 UTC-03:30"},
		// Clocks go back in between.
		{"Europe/Berlin", "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", false, "Sun, 27 Oct 2024, 02:30 UTC+02:00 to Sun, 27 Oct 2024, 02:30 UTC+01:00"},
		{"America/Los_Angeles", "2024-08-27T00:00:00Z", "2024-08-28T00:00:00Z", true, "Tue, 27 Aug 2024, all day"},
		{"Pacific/Auckland", "2024-08-27T00:00:00Z", "2024-08-29T00:00:00Z", true, "Tue, 27 Aug 2024 to Wed, 28 Aug 2024, all day"},
		{"Asia/Kolkata", "2024-08-27T00:00:00Z", "", true, "Tue, 27 Aug 2024, all day"},
	} {
		interaction := &db.Interaction{StartTime: at(test.start), AllDay: test.allDay}
		if test.end != "" {
			interaction.EndTime = new(at(test.end))
		}
		zone, err := db.ParseTimeZone(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := when(interaction, zone); got != test.want {
			t.Errorf("%s to %s in %s is %q, want %q", test.start, test.end, test.zone, got, test.want)
		}
	}
}

// TestTimeZones checks that each recipient reads times in their own zone, and others in the server's.
func TestTimeZones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kolkata := "Asia/Kolkata"
	w.carl.ID, w.carl.Email, w.carl.TimeZone = store.NewID(), "carl@kolkata.example", &kolkata
	w.insert(db.Customers.Collection, w.carl)
	w.interaction.CustomerID = w.carl.ID
	berlin, err := db.ParseTimeZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	event := w.event(db.EventInteractionCreated, w.as(w.ada), content{Interaction: w.interaction})
	deliveries, err := composeWith(w, Config{TimeZone: berlin}, event)
	if err != nil || names(deliveries) != "carl bob" {
		t.Fatalf("deliveries to %s, error %v", names(deliveries), err)
	}
	contains(t, deliveries[0].Text, "Time: Wed, 28 Aug 2024, 01:33 UTC+05:30\n")
	contains(t, deliveries[1].Text, "Time: Tue, 27 Aug 2024, 22:03 UTC+02:00\n")
}

// TestTimeZoneOfDeleted checks that mail about a deletion has the zone of the account that was deleted with it.
func TestTimeZoneOfDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kolkata := "Asia/Kolkata"
	w.carl.ID, w.carl.Email, w.carl.TimeZone, w.carl.Version = store.NewID(), "carl@kolkata.example", &kolkata, 1
	w.insert(db.Customers.Collection, w.carl)
	if _, err := w.db.DeleteCustomer(t.Context(), w.as(w.ada), w.carl.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	account := auth.AccountKey(auth.Customer, w.carl.ID)
	found, err := w.db.Recipients(t.Context(), []auth.AudienceKey{account})
	if err != nil || found[account].TimeZone != kolkata {
		t.Errorf("recipients %v, error %v", found, err)
	}
}

// TestWholeDays checks that the parties hear that a meeting no longer takes whole days.
func TestWholeDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	event := w.event(db.EventInteractionUpdated, w.as(w.ada), content{Interaction: w.interaction, Changed: []string{"all_day"}})
	deliveries, err := compose(w, event)
	if err != nil || names(deliveries) != "carl bob" {
		t.Fatalf("deliveries to %s, error %v", names(deliveries), err)
	}
	contains(t, deliveries[0].Text, "The time of this meeting changed.")
}
