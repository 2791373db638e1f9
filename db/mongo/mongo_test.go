package mongo_test

import (
	"context"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"

	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
	"crm/db/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var recorders sync.Map // store.Store to *recorder
	storetest.Run(t, storetest.Engine{
		Scans: mongotest.IsStandIn(),
		Open: func(t *testing.T, collections ...*store.Collection) store.Store {
			t.Helper()
			recorder := new(recorder)
			store := mongotest.OpenOn(t, mongotest.Database(t), collections, mongo.WithMonitor(recorder.monitor()))
			recorders.Store(store, recorder)
			return store
		},
		CutOff: func(t *testing.T, s store.Store, n int) context.Context {
			t.Helper()
			known, _ := recorders.Load(s)
			recorder, ok := known.(*recorder)
			if !ok {
				t.Fatal("the store wasn't opened by Open")
			}
			return recorder.cutOff(t.Context(), n)
		},
	})
}

// recorder records the answered commands of a store.
type recorder struct {
	mu    sync.Mutex
	names []string
	// left is the number of commands after which cancel is called, if it is set.
	left   int
	cancel context.CancelFunc
}

func (r *recorder) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { r.note(e.CommandName) },
		Failed:    func(_ context.Context, e *event.CommandFailedEvent) { r.note(e.CommandName) },
	}
}

func (r *recorder) note(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, name)
	if r.cancel == nil {
		return
	}
	if r.left--; r.left == 0 {
		r.cancel()
	}
}

// cutOff returns a context that ends once n more commands have been answered.
func (r *recorder) cutOff(ctx context.Context, n int) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left, r.cancel = n, cancel
	if n == 0 {
		cancel()
	}
	return ctx
}

// take returns the commands since the last call.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.names
	r.names = nil
	return names
}
