package inbound_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// later makes all mail look older by a time.
func (w *world) later(age time.Duration) {
	w.t.Helper()
	mails, err := w.db.ReceivedMails.List(w.t.Context(), auth.SystemScope(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range mails {
		set := []store.Assignment{{Field: "created_at", Value: m.CreatedAt.Add(-age)}}
		if err := w.store.Update(w.t.Context(), db.ReceivedMails.Collection, m.ID, store.Filter{}, set); err != nil {
			w.t.Fatal(err)
		}
	}
}

func manyTexts(n int) (mails []mail) {
	for i := range n {
		mails = append(mails, mail{fmt.Sprintf("I am away until December, and this is my answer number %d.", i)})
	}
	return mails
}

// TestSlowLoops checks that a program which answers each message with the same text, however slowly and without saying that it is one,
// counts as automatic from the third time on, and a person who writes something else doesn't, or little.
func TestSlowLoops(t *testing.T) {
	t.Parallel()
	const away, person, program = "I am on holiday until Monday.", "public by Cleo", "public by Cleo automatic"
	for _, test := range []struct {
		what  string
		mails []mail
		every time.Duration
		want  []string
	}{
		{"the same", []mail{{away}, {away}, {away}, {away}}, time.Hour, []string{person, person, program, program}},
		{"the same, day after day", []mail{{away}, {away}, {away}}, 13 * time.Hour, []string{person, person, person}},
		{"something else between", []mail{{away}, {away}, {"I am back."}, {away}, {away}, {away}}, time.Hour, []string{person, person, person, person, person, program}},
		{"the same short text", []mail{{"Any news?"}, {"Any news?"}, {"Any news?"}}, time.Hour, []string{person, person, person}},
		{"many in a day", manyTexts(31), 6 * time.Minute, append(slices.Repeat([]string{person}, 30), program)},
		{"no text", []mail{{""}, {""}, {""}}, time.Hour, []string{person, person, person}},
	} {
		w := newWorld(t).people()
		id := w.delivery().MessageID
		for i, text := range test.mails {
			m := mail{fromCleo, "In-Reply-To: <" + id + ">", fmt.Sprintf("Message-ID: <%d@customer.example>", i), ""}
			if got := w.described(w.receive(append(m, text...))); got != test.want[i] {
				t.Errorf("%s: mail %d is %s, want %s", test.what, i, got, test.want[i])
			}
			w.later(test.every)
		}
	}
}
