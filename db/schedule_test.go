package db

import (
	"strings"
	"testing"
	"time"
)

func TestEnd(t *testing.T) {
	t.Parallel()
	start := time.Date(2050, 1, 1, 10, 0, 0, 0, time.UTC)
	at := func(t time.Time) *End { return &End{Time: &t} }
	after := func(n int) *End { return &End{Minutes: &n} }
	both := after(5)
	both.Time = &start
	for name, test := range map[string]struct {
		end  *End
		want time.Time
		text string
	}{
		"none":             {end: nil},
		"open":             {end: &End{}},
		"at once":          {end: at(start), want: start},
		"later":            {end: at(start.Add(time.Hour)), want: start.Add(time.Hour)},
		"before":           {end: at(start.Add(-time.Millisecond)), text: "must not be before startTime"},
		"very late":        {end: at(latest), text: "the years 1970 to 2199"},
		"a minute":         {end: after(1), want: start.Add(time.Minute)},
		"a year":           {end: after(maxMinutes), want: start.AddDate(1, 0, 0)},
		"no minutes":       {end: after(0), text: "from 1 to 525600, not 0"},
		"minutes backward": {end: after(-1), text: "from 1 to 525600, not -1"},
		"more than a year": {end: after(maxMinutes + 1), text: "from 1 to 525600"},
		"both":             {end: both, text: "together with endTime"},
	} {
		var got *time.Time
		problem := problemsOf(func(p *Problems) { got = p.end(start, test.end, false) })
		if test.text == "" && problem != "" || !strings.Contains(problem, test.text) {
			t.Errorf("%s: %q, want %q", name, problem, test.text)
		}
		if test.text == "" && (got == nil) != test.want.IsZero() || test.text == "" && got != nil && !got.Equal(test.want) {
			t.Errorf("%s ends at %v, want %v", name, got, test.want)
		}
	}
}

// TestWholeDays schedules interactions of whole days, given with times in various offsets.
func TestWholeDays(t *testing.T) {
	t.Parallel()
	read := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, test := range []struct{ start, end, days string }{
		{"2050-08-27T00:00:00Z", "", "2050-08-27 2050-08-28"},
		{"2050-08-27T20:03:00Z", "", "2050-08-27 2050-08-28"},
		{"2050-08-27T00:00:00+02:00", "", "2050-08-27 2050-08-28"},
		{"2050-08-27T23:30:00-07:00", "", "2050-08-27 2050-08-28"},
		{"2050-08-27T00:00:00+14:00", "2050-08-27T23:59:59+14:00", "2050-08-27 2050-08-28"},
		{"2050-08-27T00:00:00Z", "2050-08-27T00:00:00Z", "2050-08-27 2050-08-28"},
		{"2050-08-27T00:00:00Z", "2050-08-28T00:00:00Z", "2050-08-27 2050-08-28"},
		{"2050-08-27T00:00:00Z", "2050-08-28T09:00:00Z", "2050-08-27 2050-08-29"},
		{"2199-12-31T00:00:00Z", "", "2199-12-31 2200-01-01"},
		{"2199-12-31T23:59:00-05:00", "", "2199-12-31 2200-01-01"},
		{"2200-01-01T00:00:00Z", "", "refused"},
		{"2199-12-31T00:00:00Z", "2200-01-01T00:01:00Z", "refused"},
		{"2050-08-27T00:00:00Z", "2050-08-26T00:00:00Z", "refused"},
	} {
		var end *End
		if test.end != "" {
			ends := read(test.end)
			end = &End{Time: &ends}
		}
		i := &Interaction{AllDay: true}
		got := "refused"
		if problemsOf(func(p *Problems) { p.schedule(i, read(test.start), end) }) == "" {
			got = i.StartTime.Format(time.DateOnly) + " " + i.EndTime.Format(time.DateOnly)
		}
		if got != test.days {
			t.Errorf("%s to %s is %s, want %s", test.start, test.end, got, test.days)
		}
	}
}
