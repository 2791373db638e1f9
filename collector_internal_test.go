package main

import "testing"

func TestGarbageRoom(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: mostPercent, 1 << 20: mostPercent, garbageRoom / 4: mostPercent, garbageRoom / 2: 200, garbageRoom: defaultPercent,
		1 << 40: defaultPercent,
	} {
		c := collector{most: live}
		if got := c.percentFor(live); got != want {
			t.Errorf("with %d bytes alive, there may be %d %% of garbage, want %d", live, got, want)
		}
	}
}

// TestGarbageWhileGrowing: there may be little garbage while more lives from round to round, and not because of what
// comes and goes.
func TestGarbageWhileGrowing(t *testing.T) {
	t.Parallel()
	var c collector
	for i, round := range []struct {
		live    uint64
		growing bool
	}{
		{1 << 20, true}, // the first one
		{1 << 20, false},
		{2 << 20, true},
		{3 << 20, true},
		{3<<20 + 100<<10, false},
		{2 << 20, false},
		{3 << 20, false}, // as before
		{4 << 20, true},
	} {
		if got := c.percentFor(round.live); (got == growingPercent) != round.growing {
			t.Errorf("in round %d, with %d bytes alive, there may be %d %% of garbage", i, round.live, got)
		}
	}
}
