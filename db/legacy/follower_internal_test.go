package legacy

import (
	"testing"
	"time"
)

// TestSearchFrom checks that a search finds what the old application wrote, on another machine whose clock is right, while the clock of
// this one jumped.
func TestSearchFrom(t *testing.T) {
	t.Parallel()
	const following, elapsed = 3 * time.Hour, time.Minute
	now := time.Date(2026, 8, 27, 20, 3, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		last time.Time
		want time.Duration // before now, beyond the overlap
	}{
		"the clock runs":               {now.Add(-elapsed), elapsed},
		"set ahead by an hour":         {now.Add(-elapsed - time.Hour), elapsed + time.Hour},
		"set back by half a second":    {now.Add(-elapsed + time.Second/2), elapsed},
		"set back by five seconds":     {now.Add(-elapsed + 5*time.Second), following},
		"set back by a day":            {now.Add(-elapsed + 24*time.Hour), following},
		"set back by less than passed": {now.Add(-elapsed + 30*time.Second), following},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := now.Sub(searchFrom(following, elapsed, test.last, now)); got != test.want+overlap {
				t.Errorf("the search goes back by %s, want %s", got, test.want+overlap)
			}
		})
	}
}
