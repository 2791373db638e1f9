package sqlite

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestGroupWaitsForCallers checks that a group waits for as many operations as the last one had, as long as its commit took.
func TestGroupWaitsForCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
		w := &writers{t: t, s: s, results: make(map[string]chan any)}
		for _, step := range []struct {
			titles  []string
			commits int
			waited  time.Duration
		}{
			{[]string{"1", "2", "3"}, 1, 0},
			{[]string{"4", "5"}, 1, time.Millisecond}, // the third doesn't come
			{[]string{"6", "7"}, 1, 0},
			{[]string{"8"}, 1, time.Millisecond},
			{[]string{"9"}, 1, 0},
			{[]string{"10", "11"}, 2, 0}, // they come one after the other
		} {
			if len(step.titles) == 3 {
				s.concurrent = 3
			}
			s.commitTime = time.Millisecond
			began, before := time.Now(), s.commits.Load()
			for _, title := range step.titles {
				w.insert(title)
			}
			for _, title := range step.titles {
				if err := w.result(title); err != nil {
					t.Errorf("%s: %v", title, err)
				}
			}
			if waited, commits := time.Since(began), int(s.commits.Load()-before)/2; waited != step.waited || commits != step.commits {
				t.Errorf("%v: %d commits after waiting for %s, want %d after %s", step.titles, commits, waited, step.commits, step.waited)
			}
		}
	})
}
