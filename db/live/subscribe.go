package live

import (
	"context"

	"crm/auth"
	"crm/db/store"
)

// Watch describes a subscription.
type Watch struct {
	// Where is the client's filter.
	Where store.Filter
	// Only, if not empty, is the only kind of change that is sent.
	Only ChangeKind
	// After is the seq after which the stream begins; nil means from now on.
	After *string
	// Ended is called with the reason before the channel is closed, unless the subscriber left. It must not block.
	Ended func(error)
	// Announce, if not nil, is called whenever changes can be received, with their number, and with 1 when the channel has
	// been closed. It must not block.
	Announce func(changes int)
}

// Subscribe sends on a channel every change of the source's documents that match and that the viewer sees, until ctx is
// done or the channel is closed. The changes are shared by the subscribers of a group. What the viewer sees is looked up when
// the change happens: a document that they no longer see, or that no longer matches, is removed, and they get no change of a
// document that they never saw.
func Subscribe[T any](ctx context.Context, b *Broker, source Source[T], viewer auth.Viewer, w Watch) (<-chan *Change[T], error) {
	// A connection may be much older than its newest subscription, so the session is checked again. No other part of
	// the viewer is kept.
	session := auth.Viewer{
		Role: viewer.Role, Account: viewer.Account, Unverified: viewer.Unverified, Session: viewer.Session, Key: viewer.Key,
	}
	ended, err := b.sessions.Ended(ctx, map[auth.Viewer]bool{session: true})
	if err != nil {
		return nil, err
	}
	if ended[session] {
		return nil, errSessionEnded()
	}
	group, key, err := newGroup(ctx, b, source, viewer.Scope(), w)
	if err != nil {
		return nil, err
	}
	at, newest, err := b.events.Position(ctx, w.After)
	if err != nil {
		return nil, err
	}
	s := &stream[T]{
		broker: b, group: group, key: key, at: at, session: session,
		changes: make(chan *Change[T], streamBuffer), ended: w.Ended, announced: w.Announce,
	}
	s.catchUp = func(over <-chan struct{}) { s.replay(ctx, over) }
	if err := s.begin(ctx, newest); err != nil {
		return nil, err
	}
	return s.changes, nil
}
