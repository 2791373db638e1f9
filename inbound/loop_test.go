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

// TestManyMailsOfAPerson checks that a customer who writes three mails in a row goes on being heard once somebody has answered, or when the
// clock was wrong, and that it is said why the next one counts as automatic otherwise.
func TestManyMailsOfAPerson(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		between func(w *world)
		want    string
	}{
		"nothing happens": {func(*world) {}, "public by Cleo automatic"},
		"somebody answers": {func(w *world) {
			if _, _, err := w.db.ReplyToTicket(w.t.Context(), w.as(w.uma), w.ticket.ID, db.NewReply{BodyText: "The fourth, please"}); err != nil {
				w.t.Fatal(err)
			}
		}, "public by Cleo"},
		"the clock was a day ahead": {func(w *world) { w.later(-25 * time.Hour) }, "public by Cleo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).people()
			id := w.delivery().MessageID
			send := func(i int) *db.ReceivedMail {
				return w.receive(mail{fromCleo, "In-Reply-To: <" + id + ">", fmt.Sprintf("Message-ID: <%d@customer.example>", i), "", fmt.Sprint("Photo ", i)})
			}
			for i := range 3 {
				if got := w.described(send(i)); got != "public by Cleo" {
					t.Errorf("mail %d is %s", i, got)
				}
			}
			test.between(w)
			last := send(3)
			if got := w.described(last); got != test.want {
				t.Errorf("the fourth mail is %s, want %s", got, test.want)
			}
			if isLoop := last.Automatic == "loop"; isLoop != (test.want == "public by Cleo automatic") {
				t.Errorf("the fourth mail counts as %q", last.Automatic)
			}
		})
	}
}
