package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crm/db"
)

// internalTest is a history of a planned meeting, with what Carl, its customer, and Bob, its user, get.
type internalTest struct {
	name string
	// steps are the changes of the meeting, which is public at first; see world.change. Mail is sent after each "send", and at the end.
	steps string
	carl  string
	bob   string
}

var internalTests = []internalTest{
	{"internal", "send internal", "New meeting, Cancelled meeting", "New meeting"},
	{"internal and moved, and public again", "send internal send moved send public", "New meeting, Cancelled meeting, New meeting", "New meeting, Changed meeting: time"},
	{"internal and cancelled", "send internal send cancelled", "New meeting, Cancelled meeting", "New meeting, Cancelled meeting"},
	{"internal and cancelled by one change", "send internal+cancelled", "New meeting, Cancelled meeting", "New meeting, Cancelled meeting"},
	{"cancelled, and internal before that was sent", "send cancelled internal", "New meeting, Cancelled meeting", "New meeting, Cancelled meeting"},
	{"internal and deleted", "send internal send deleted", "New meeting, Cancelled meeting", "New meeting, Deleted meeting"},
	{"internal and renamed", "send internal+renamed", "New meeting, Cancelled meeting", "New meeting, Changed meeting: title"},
	{"internal before it was told", "internal", "", "New meeting"},
	{"internal and public before it was told", "internal public", "New meeting", "New meeting"},
	{"internal and public before either was told", "send internal public", "New meeting, New meeting", "New meeting"},
	{"internal twice before either was told", "send internal public internal", "New meeting, Cancelled meeting", "New meeting"},
	{"internal twice", "send internal send public internal", "New meeting, Cancelled meeting", "New meeting"},
	{"public at last", "internal send public moved", "New meeting", "New meeting, Changed meeting: time"},
	{"public and cancelled by one change", "internal send public+cancelled", "", "New meeting, Cancelled meeting"},
	{"public and planned again by one change", "internal send cancelled send public+planned", "New meeting", "New meeting, Cancelled meeting, Changed meeting: status"},
	{"cancelled, then internal", "send cancelled send internal", "New meeting, Cancelled meeting", "New meeting, Cancelled meeting"},
	{"internal when past", "send past send internal send public", "New meeting, Changed meeting: time", "New meeting, Changed meeting: time"},
	{"public and past by one change", "internal send public+past", "", "New meeting, Changed meeting: time"},
	{"internal and done", "send done send internal send public", "New meeting", "New meeting"},
}

// TestInternalMeetings makes meetings internal, and public again.
func TestInternalMeetings(t *testing.T) {
	t.Parallel()
	for _, test := range internalTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			mailer := new(recordingMailer)
			planning := New(w.db, mailer, discard(), quick)
			meeting, err := w.db.CreateInteraction(t.Context(), w.as(w.bob), db.NewInteraction{
				CustomerID: w.carl.GlobalID(), Kind: db.KindMeeting, Title: "Yearly review", Description: "Bring the figures.",
				StartTime: time.Now().Add(24 * time.Hour),
			})
			if err != nil {
				t.Fatal(err)
			}
			w.planAll(planning)
			for _, step := range append(strings.Fields(test.steps), "send") {
				if step == "send" {
					stop := start(t, w.db, mailer)
					w.settledAll()
					stop()
					continue
				}
				w.change(meeting, step)
				w.planAll(planning)
			}
			for address, want := range map[string]string{w.carl.Email: test.carl, w.bob.Email: test.bob} {
				if got := mailer.told(address); got != want {
					t.Errorf("%s was told %q, want %q", address, got, want)
				}
			}
			w.checkSuperseded(w.deliveries())
		})
	}
}

// change changes a meeting in all the ways that a step names: "internal+renamed".
func (w *world) change(meeting *db.Interaction, step string) {
	w.t.Helper()
	var changes db.InteractionChanges
	for kind := range strings.SplitSeq(step, "+") {
		switch kind {
		case "internal", "public":
			internal := kind == "internal"
			changes.Internal = &internal
		case "moved", "past":
			start := time.Now().Add(map[string]time.Duration{"moved": 48 * time.Hour, "past": -48 * time.Hour}[kind])
			changes.StartTime = &start
		case "renamed":
			title := "What Carl must not know"
			changes.Title = &title
		case "deleted":
			if _, err := w.db.DeleteInteraction(w.t.Context(), w.as(w.bob), meeting.ID, nil, true); err != nil {
				w.t.Fatal(err)
			}
			return
		default:
			status := db.InteractionStatus(kind)
			changes.Status = &status
		}
	}
	if _, err := w.db.UpdateInteraction(w.t.Context(), w.as(w.bob), meeting.ID, nil, changes); err != nil {
		w.t.Fatal(err)
	}
}

// TestTextOfWhatBecameInternal checks that a customer is told of the meeting that they knew, as if it were cancelled, and not of what
// changed as it became internal.
func TestTextOfWhatBecameInternal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public, internal := *w.interaction, *w.interaction
	internal.Internal, internal.Title = true, "What Carl must not know"
	texts := func(event string, data content) string {
		t.Helper()
		deliveries, err := composeWith(w, Config{Sender: "crm@example.com", Links: NewLinks("https://crm.example", DefaultLinkPath, "")}, w.event(event, w.as(w.bob), data))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(deliveries, func(d *db.Delivery) bool { return d.Recipient == w.carl.Email })
		if i < 0 {
			t.Fatal("the customer isn't told")
		}
		return deliveries[i].Subject + "\n" + deliveries[i].Text
	}
	was := map[string]any{"internal": false, "title": public.Title}
	got := texts(db.EventInteractionUpdated, content{Interaction: &internal, Changed: []string{"internal", "title"}, Before: was})
	public.Status = db.InteractionCancelled
	want := texts(db.EventInteractionCancelled, content{Interaction: &public, Changed: []string{"status"}})
	link := "crm.example" // to what the customer doesn't see any more
	if !strings.Contains(want, link) || strings.Contains(got, link) {
		t.Errorf("the link is wrong in\n%s\nor\n%s", got, want)
	}
	for line := range strings.Lines(want) {
		if !strings.Contains(line, link) && !strings.Contains(got, line) {
			t.Errorf("%q isn't in\n%s", line, got)
		}
	}
	if strings.Contains(got, internal.Title) {
		t.Errorf("the message tells what is internal:\n%s", got)
	}
}
