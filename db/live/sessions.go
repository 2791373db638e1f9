package live

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/store"
)

// sessionPause is how often the broker checks whether other processes have ended a subscriber's session.
const sessionPause = 500 * time.Millisecond

// Sessions reports which sessions have ended.
type Sessions interface {
	// Changes counts the changes by this process that may have ended a session.
	Changes() int
	// Ended returns those of the viewers whose session has ended, who may not log in any more, or who may see and do something else now.
	Ended(ctx context.Context, viewers map[auth.Viewer]bool) (map[auth.Viewer]bool, error)
}

// endStreamsOfEndedSessions ends the streams of viewers who have to authenticate again. Changes by this process take
// effect at once, those by others after sessionPause.
func (b *Broker) endStreamsOfEndedSessions(ctx context.Context) error {
	changes := b.sessions.Changes()
	if changes == b.sessionChanges && time.Since(b.sessionsChecked) < sessionPause {
		return nil
	}
	began := time.Now()
	ended, err := b.sessions.Ended(ctx, b.viewers())
	if err != nil {
		return err
	}
	b.sessionChanges, b.sessionsChecked = changes, began
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for s := range b.streams {
		if ended[s.viewer()] {
			s.end(errSessionEnded())
		}
	}
	return nil
}

func errSessionEnded() *store.Error {
	return store.Errorf(store.Unauthenticated, "the session has ended, or what the account may do has changed; authenticate again")
}

// viewers returns the distinct viewers of all streams.
func (b *Broker) viewers() map[auth.Viewer]bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	viewers := make(map[auth.Viewer]bool)
	for s := range b.streams {
		viewers[s.viewer()] = true
	}
	return viewers
}
