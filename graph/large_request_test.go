package graph

import (
	"context"
	"testing"
	"testing/synctest"

	"crm/db"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waiting := make(turns, 1)
		first, err := waiting.take(t.Context(), largeRequest)
		if err != nil {
			t.Fatal(err)
		}
		small, err := waiting.take(t.Context(), largeRequest-1)
		if err != nil {
			t.Fatalf("a small text waits: %v", err)
		}
		small()
		leaving, leave := context.WithCancel(t.Context())
		left := make(chan *db.Error, 1)
		go func() {
			_, err := waiting.take(leaving, largeRequest)
			left <- err
		}()
		next := make(chan func(), 1)
		go func() {
			done, _ := waiting.take(t.Context(), largeRequest)
			next <- done
		}()
		synctest.Wait()
		select {
		case <-next:
			t.Fatal("a second large text doesn't wait")
		case err := <-left:
			t.Fatalf("who waits is refused: %v", err)
		default:
		}
		leave()
		if err := <-left; err == nil || err.Code != db.Unavailable {
			t.Errorf("who has left got %v", err)
		}
		first()
		(<-next)()
	})
}
