package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestCopies checks who may have a reply copied to whom, and who sees that.
func TestCopies(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("uma", "cleo", "lost")
		w.assign("lost", "uma")
		many := make([]string, 11)
		for i := range many {
			many[i] = fmt.Sprintf("a%d@b.example", i)
		}
		const bad, deny = "BAD_USER_INPUT", "FORBIDDEN"
		email := s.must(w.people["cleo"].token, `{ viewer { ... on Customer { email } } }`, nil).text("viewer.email")
		for _, test := range []struct {
			by   string
			cc   []string
			want string // the addresses, or what is refused
		}{
			{"uma", nil, `[]`},
			{"uma", []string{}, `[]`},
			{"uma", []string{" Eve@b.example", "eve@B.example", "jo@xn--bcher-kva.example", "jo@bücher.example", strings.ToUpper(email)},
				`["Eve@b.example","jo@bücher.example"]`},
			{"ada", many[:10], `["` + strings.Join(many[:10], `","`) + `"]`},
			{"uma", many, bad + " input.cc"},
			{"uma", []string{"a@b.example", "b", "c@d.example, e@f.example", "Eve <eve@b.example>", "a@b.example\r\nBcc: x@y.example"},
				bad + " input.cc.1 input.cc.2 input.cc.3 input.cc.4"},
			{"uma", []string{""}, bad + " input.cc.0"},
			{"cleo", []string{"a@b.example"}, deny + " input.cc"},
			{"cleo", []string{}, `[]`},
		} {
			in := variables{"ticketId": w.ids["lost"], "body": "copied"}
			if test.cc != nil {
				in["cc"] = test.cc
			}
			if code, paths, ok := strings.Cut(test.want, " input"); ok {
				problem := s.refused(w.people[test.by].token, replyToTicket, variables{"in": in}, code)
				var got []string
				for _, field := range problem.Extensions.Fields {
					got = append(got, field.Path)
				}
				if strings.Join(got, " ") != "input"+paths {
					t.Errorf("%s's copies to %q are refused at %v", test.by, test.cc, got)
				}
				continue
			}
			w.ids["copied"] = s.must(w.people[test.by].token, replyToTicket, variables{"in": in}).text("replyToTicket.message.id")
			for _, reader := range []string{"uma", "cleo"} {
				w.seesCopies(reader, test.want)
			}
			if test.by == "cleo" {
				continue
			}
			byMail := []store.Assignment{{Field: "channel", Value: string(db.ChannelEmail)}}
			if err := s.store.Update(t.Context(), db.TicketMessages.Collection, idOf(t, w.ids["copied"]), store.Filter{}, byMail); err != nil {
				t.Fatal(err)
			}
			w.seesCopies("uma", test.want)
			w.seesCopies("cleo", `[]`)
		}
	})
}

// seesCopies checks to whom the last message was also sent, as somebody sees it who asks for nothing else, by its id and in a list.
func (w *world) seesCopies(reader, want string) {
	w.s.t.Helper()
	for _, query := range []string{`node(id: $copied) { ... on TicketMessage { cc } }`, `ticket(id: $lost) { messages(last: 1) { nodes { cc } } }`} {
		a := w.s.must(w.people[reader].token, worldQuery(w, query), w.variables())
		if !strings.Contains(a.raw, `{"cc":`+want+`}`) {
			w.s.t.Errorf("%s sees %s, want %s", reader, a.raw, want)
		}
	}
}

// TestCopiesOfWhatIsNotMailed replies where the customer gets no mail, so that nobody would get a copy.
func TestCopiesOfWhatIsNotMailed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.setInternal("plan", true)
		for _, cc := range []string{"jo@b.example", w.people["cleo"].email} {
			in := variables{"ticketId": w.ids["leak"], "body": "copied", "cc": []string{cc}}
			problem := s.refused(w.people["uma"].token, replyToTicket, variables{"in": in}, bad)
			if problem.Extensions.Fields[0].Path != "input.cc" || !strings.Contains(problem.Message, "not mailed") {
				t.Errorf("a copy to %s is refused with %v", cc, problem)
			}
		}
		w.reply("uma", "leak", "not copied", variables{"cc": []string{}})
		w.setInternal("plan", false)
		w.reply("uma", "leak", "copied", variables{"cc": []string{"jo@b.example"}})
	})
}
