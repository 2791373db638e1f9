package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"
)

// interruption interrupts what runs on a connection when a context ends.
//
// The connection itself takes a channel for that, but starts a goroutine for each new channel, and waits for the end of
// the previous one: that was a tenth of a small query's time. So it gets one channel, which is replaced only after the
// end of a context has closed it.
type interruption struct {
	sqlite *sqlite.Conn
	closed chan struct{}
	// done is the Done channel of the watched context, nil if none is watched, and stop stops watching it.
	done <-chan struct{}
	stop func() bool
}

// watch makes the end of ctx interrupt what runs on the connection from now on.
func (i *interruption) watch(ctx context.Context) {
	done := ctx.Done()
	if done == i.done {
		return
	}
	i.unwatch()
	if done == nil {
		return
	}
	closed := i.closed
	i.done, i.stop = done, context.AfterFunc(ctx, func() { close(closed) })
}

// unwatch stops watching, so that what runs on the connection from now on isn't interrupted.
func (i *interruption) unwatch() {
	if i.done == nil {
		return
	}
	if !i.stop() {
		<-i.closed // the context has ended, so it is closed or about to be
		i.renew()
	}
	i.done, i.stop = nil, nil
}

// renew gives the connection a new, open channel.
func (i *interruption) renew() {
	i.closed = make(chan struct{})
	i.sqlite.SetInterrupt(i.closed)
}
