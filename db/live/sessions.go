package live

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/store"
)

// endDeadSessions ends the subscriptions of sessions that have ended, of accounts that may not log in any more, and of those
// whose role has changed: what their clients may do has to be decided anew. What this process changed counts at once,
// what others did after sessionInterval.
func (b *Broker) endDeadSessions(ctx context.Context) error {
	changes := b.sessions.Changes()
	if changes == b.sessionChanges && time.Since(b.sessionsChecked) < sessionInterval {
		return nil
	}
	checked := time.Now()
	dead, err := b.sessions.Ended(ctx, b.viewers())
	if err != nil {
		return err
	}
	b.sessionChanges, b.sessionsChecked = changes, checked
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for s := range b.subscribers {
		if dead[s.viewer()] {
			s.end(errSessionEnded())
		}
	}
	return nil
}

func errSessionEnded() *store.Error {
	return store.Errorf(store.Unauthenticated, "the session has ended, or what the account may do has changed; authenticate again")
}

// viewers returns whose subscriptions there are, each once.
func (b *Broker) viewers() map[auth.Viewer]bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	viewers := make(map[auth.Viewer]bool)
	for s := range b.subscribers {
		viewers[s.viewer()] = true
	}
	return viewers
}
