package transport

import (
	"context"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
)

// checkAlive checks that the client is alive and that its session is still valid.
func (s *socket) checkAlive(ctx context.Context) {
	limits := s.exec.limits.Streams
	waiting, cancel := context.WithTimeout(ctx, limits.Transfer)
	defer cancel()
	// A message that is being written already shows whether the client is alive.
	if s.writing.TryLock() {
		s.writing.Unlock()
		s.pinging.Store(true)
		err := s.conn.Ping(waiting)
		s.pinging.Store(false)
		if err != nil {
			_ = s.network.Close()
			return
		}
	}
	if err := s.checkIdentity(waiting); err != nil && err.Code == store.Unauthenticated {
		s.leave(closeForbidden, "Forbidden", err)
		return
	}
	s.set(&s.heartbeat, limits.Heartbeat, func() { s.checkAlive(ctx) })
}

func (s *socket) checkIdentity(ctx context.Context) *store.Error {
	s.mutex.Lock()
	known := s.identity
	s.mutex.Unlock()
	return known.check(ctx)
}

// goAway ends the socket because the server stops. Clients reconnect after this code and resume their subscriptions, so
// these get no message at their end.
func (s *socket) goAway() {
	s.leave(websocket.StatusGoingAway, "The server is stopping", context.Canceled)
}

// leave ends the subscriptions, lets queries and mutations finish, and closes the socket. Each subscription gets a cause
// that is a *store.Error as its error.
func (s *socket) leave(code websocket.StatusCode, reason string, cause error) {
	s.mutex.Lock()
	s.leaving = true
	for _, operation := range s.operations {
		if operation.kind == ast.Subscription {
			operation.cancel(cause)
		}
	}
	s.mutex.Unlock()
	s.running.Wait()
	s.close(code, reason)
}

// close closes the socket; a client that doesn't confirm in time is cut off.
func (s *socket) close(code websocket.StatusCode, reason string) {
	_ = s.network.SetDeadline(time.Now().Add(closeTime))
	s.writing.Lock()
	s.closing = true
	_ = s.network.SetDeadline(time.Now().Add(closeTime)) // a message that was being written had its own
	s.writing.Unlock()
	_ = s.conn.Close(code, reason)
}

// fail logs a panic, and closes the socket.
func (s *socket) fail(ctx context.Context, cause any) {
	_ = s.exec.PresentRecoveredError(ctx, cause)
	s.close(websocket.StatusInternalError, "Internal error")
}

// end releases everything that belongs to a closed socket.
func (s *socket) end(cancel context.CancelFunc) {
	_ = s.conn.CloseNow()
	cancel()
	s.mutex.Lock()
	s.leaving = true
	for _, timer := range []*time.Timer{s.heartbeat, s.expiry} {
		if timer != nil {
			timer.Stop()
		}
	}
	s.mutex.Unlock()
	s.running.Wait()
}
