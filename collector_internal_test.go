package main

import "testing"

func TestGarbageRoom(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: maxPercent, 1 << 20: maxPercent, garbageRoom / 4: maxPercent, garbageRoom / 2: 200, garbageRoom: defaultPercent,
		1 << 40: defaultPercent,
	} {
		c := collector{peak: live}
		if got := c.percentFor(live); got != want {
			t.Errorf("with %d live bytes, got %d %% of garbage, want %d", live, got, want)
		}
	}
}

// TestGarbageWhileGrowing checks that less garbage is allowed while live memory grows from one collection to the next,
// but not when it only fluctuates.
func TestGarbageWhileGrowing(t *testing.T) {
	t.Parallel()
	var c collector
	for i, round := range []struct {
		live    uint64
		growing bool
	}{
		{1 << 20, true}, // the first collection
		{1 << 20, false},
		{2 << 20, true},
		{3 << 20, true},
		{3<<20 + 100<<10, false},
		{2 << 20, false},
		{3 << 20, false}, // the earlier peak
		{4 << 20, true},
	} {
		if got := c.percentFor(round.live); (got == growingPercent) != round.growing {
			t.Errorf("in collection %d, with %d live bytes, got %d %% of garbage", i, round.live, got)
		}
	}
}
