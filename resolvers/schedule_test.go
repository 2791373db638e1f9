package resolvers_test

import (
	"fmt"
	"strings"
	"testing"
)

const scheduled = `interaction { id startTime endTime durationMinutes allDay status }`

// TestSchedules creates and moves interactions, and checks when they are.
func TestSchedules(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		const create = `mutation($in: CreateInteractionInput!) { done: createInteraction(input: $in) { ` + scheduled + ` } }`
		const update = `mutation($in: UpdateInteractionInput!) { done: updateInteraction(input: $in) { ` + scheduled + ` } }`
		for _, test := range []struct {
			name   string
			create variables
			update variables
			want   string
		}{
			{"a call logged afterwards", variables{"startTime": "2020-01-01T10:00:00Z", "status": "DONE"}, nil, "10:00 null null false DONE"},
			{"thirty seconds", variables{"startTime": "2050-01-01T10:00:00Z", "endTime": "2050-01-01T10:00:30Z"}, nil, "10:00 10:00 1 false PLANNED"},
			{"no time", variables{"startTime": "2050-01-01T10:00:00Z", "endTime": "2050-01-01T10:00:00Z"}, nil, "10:00 10:00 1 false PLANNED"},
			{"an hour and a second", variables{"startTime": "2050-01-01T10:00:00Z", "endTime": "2050-01-01T11:00:01Z"}, nil, "10:00 11:00 61 false PLANNED"},
			{"a day", variables{"startTime": "2050-01-01T23:00:00-05:00", "allDay": true}, nil, "00:00 00:00 1440 true PLANNED"},
			{"a day that moves", variables{"startTime": "2050-01-01T00:00:00Z", "endTime": "2050-01-02T12:00:00Z", "allDay": true},
				variables{"startTime": "2050-02-01T15:00:00Z"}, "00:00 00:00 2880 true PLANNED"},
			{"a meeting that takes the whole day", variables{"startTime": "2050-01-01T10:00:00Z", "durationMinutes": 30},
				variables{"allDay": true}, "00:00 00:00 1440 true PLANNED"},
			{"a day that becomes a meeting", variables{"startTime": "2050-01-01T10:00:00Z", "allDay": true},
				variables{"allDay": false, "startTime": "2050-01-01T10:00:00Z", "durationMinutes": 30}, "10:00 10:30 30 false PLANNED"},
			{"an end that is cleared", variables{"startTime": "2050-01-01T10:00:00Z", "durationMinutes": 30},
				variables{"endTime": nil}, "10:00 null null false PLANNED"},
		} {
			test.create["customerId"], test.create["title"] = w.ids["cleo"], test.name
			a := s.must(w.people["uma"].token, create, variables{"in": test.create})
			if test.update != nil {
				test.update["id"] = a.text("done.interaction.id")
				a = s.must(w.people["uma"].token, update, variables{"in": test.update})
			}
			if got := scheduleIn(a); got != test.want {
				t.Errorf("%s: %s, want %s", test.name, got, test.want)
			}
		}
		// The end stays within the bounds, whichever input moves it.
		late := s.must(w.people["uma"].token, create, variables{"in": variables{
			"customerId": w.ids["cleo"], "title": "late", "startTime": "2199-12-30T10:00:00Z", "durationMinutes": 1440}}).text("done.interaction.id")
		for input, path := range map[string]string{
			`startTime: "2199-12-31T10:00:00Z"`: "input.startTime", `durationMinutes: 2880`: "input.durationMinutes",
			`endTime: "2200-01-01T00:00:00Z"`: "input.endTime", `startTime: "2199-12-31T10:00:00Z", durationMinutes: 900`: "input.durationMinutes",
		} {
			problem := s.refused(w.people["uma"].token, `mutation($id: ID!) { updateInteraction(input: {id: $id, `+input+`}) { interaction { id } } }`,
				variables{"id": late}, bad)
			if len(problem.Extensions.Fields) != 1 || problem.Extensions.Fields[0].Path != path {
				t.Errorf("%s: %s %v, want a problem at %s", input, problem.Message, problem.Extensions.Fields, path)
			}
		}
	})
}

// scheduleIn returns the times of day, the duration, whether it takes whole days, and the status of an interaction.
func scheduleIn(a answer) string {
	words := []string{}
	for _, field := range []string{"startTime", "endTime"} {
		_, clock, _ := strings.Cut(a.text("done.interaction."+field), "T")
		if len(clock) < 5 {
			clock = "null "
		}
		words = append(words, strings.TrimSpace(clock[:5]))
	}
	for _, field := range []string{"durationMinutes", "allDay", "status"} {
		word := "null"
		if value := a.at("done.interaction." + field); value != nil {
			word = fmt.Sprint(value)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// TestConflicts checks which interactions overlap, and that nobody learns of one that they may not see.
func TestConflicts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		add := func(name, user, customer, start string, more variables) {
			t.Helper()
			in := variables{"customerId": w.ids[customer], "userId": w.ids[user], "title": name, "startTime": "2051-01-" + start + ":00Z"}
			for key, value := range more {
				in[key] = value
			}
			w.ids[name] = s.must(w.people["ada"].token, `mutation($in: CreateInteractionInput!) { createInteraction(input: $in) {
				interaction { id } } }`, variables{"in": in}).text("createInteraction.interaction.id")
		}
		add("nine", "uma", "cleo", "05T09:00", variables{"durationMinutes": 60})
		add("halfPast", "uma", "cato", "05T09:30", variables{"durationMinutes": 60})
		add("ten", "uma", "cleo", "05T10:00", nil)
		add("other", "otto", "cleo", "05T09:15", variables{"durationMinutes": 10})
		add("hidden", "otto", "cleo", "05T09:20", variables{"internal": true})
		add("done", "uma", "cleo", "05T09:00", variables{"status": "DONE"})
		add("fair", "uma", "cato", "04T00:00", variables{"allDay": true, "endTime": "2051-01-06T00:00:00Z"})
		add("free", "uma", "cato", "07T09:00", nil)
		const query = `{ interactions(where: {startTime: {gte: "2051-01-01T00:00:00Z"}}, orderBy: {field: START_TIME}) { nodes { title
			conflicts { title customer { name } } } } }`
		for viewer, want := range map[string]string{
			"ada":  "fair: nine halfPast ten|nine: fair other halfPast|done:|other: nine hidden|hidden: other|halfPast: fair nine ten|ten: fair halfPast|free:",
			"uma":  "fair: nine halfPast ten|nine: fair halfPast|done:|halfPast: fair nine ten|ten: fair halfPast|free:",
			"otto": "other: hidden|hidden: other", "cleo": "nine: other|done:|other: nine|ten:", "cato": "fair: halfPast|halfPast: fair|free:",
		} {
			a := s.must(w.people[viewer].token, query, nil)
			var found []string
			for _, node := range a.at("interactions.nodes").([]any) {
				line := node.(map[string]any)["title"].(string) + ":"
				for _, conflict := range node.(map[string]any)["conflicts"].([]any) {
					line += " " + conflict.(map[string]any)["title"].(string)
				}
				found = append(found, line)
			}
			if got := strings.Join(found, "|"); got != want {
				t.Errorf("%s sees\n%s, want\n%s", viewer, got, want)
			}
			if calls := a.Extensions.Cost.StoreCalls; calls > 3 {
				t.Errorf("%s: %d store calls", viewer, calls)
			}
		}
	})
}
