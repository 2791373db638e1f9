package legacy

import (
	"testing"
	"time"
)

// TestSince checks that searches find what the old application wrote, on another machine whose clock is right, while the clock of this one
// jumped, or the database couldn't be reached.
func TestSince(t *testing.T) {
	t.Parallel()
	const minute, day = time.Minute, 24 * time.Hour
	began := time.Date(2026, 8, 27, 20, 3, 0, 0, time.UTC)
	type at struct {
		running time.Duration // since the first search
		ahead   time.Duration // of the right time
		fails   bool
		back    time.Duration // how far the search goes back by the right time, beyond the overlap
	}
	for name, searches := range map[string][]at{
		"the clock runs":         {{1 * minute, 0, false, minute}, {3 * minute, 0, false, 2 * minute}},
		"set ahead and right":    {{1 * minute, day, false, day + minute}, {2 * minute, day, false, minute}, {3 * minute, 0, false, 3 * minute}, {4 * minute, 0, false, minute}},
		"set back and right":     {{1 * minute, -day, false, minute}, {2 * minute, 0, false, day + minute}, {3 * minute, 0, false, minute}},
		"slowly put right":       {{1 * minute, 3 * time.Second, false, minute + 3*time.Second}, {2 * minute, 0, false, minute - 3*time.Second}},
		"in several small steps": {{1 * minute, 20 * time.Second, false, 80 * time.Second}, {2 * minute, 16 * time.Second, false, 56 * time.Second}, {3 * minute, 12 * time.Second, false, 3 * minute}},
		"failed":                 {{1 * minute, 0, true, minute}, {5 * minute, 0, true, 5 * minute}, {6 * minute, 0, false, 6 * minute}, {7 * minute, 0, false, minute}},
		"failed after a jump":    {{1 * minute, day, false, day + minute}, {2 * minute, 0, true, 2 * minute}, {3 * minute, 0, false, 3 * minute}, {4 * minute, 0, false, minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &search{at: began}
			for i, s := range searches {
				now := began.Add(s.running + s.ahead)
				since := l.since(began, now, s.running)
				if got := now.Sub(since) - overlap; got != s.back {
					t.Errorf("search %d goes back by %s, want %s", i, got, s.back)
				}
				if l.at, l.owed = now, since; !s.fails {
					l.owed = time.Time{}
				}
			}
		})
	}
}
