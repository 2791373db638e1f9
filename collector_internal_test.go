package main

import "testing"

func TestGarbageRoom(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: mostPercent, 1 << 20: mostPercent, garbageRoom / 4: mostPercent, garbageRoom / 2: 200, garbageRoom: defaultPercent,
		1 << 40: defaultPercent,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("with %d bytes alive, there may be %d %% of garbage, want %d", live, got, want)
		}
	}
}
