package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"
)

// interruption has the end of a context interrupt what runs on a connection.
//
// The connection itself takes a channel for that, but starts a goroutine for each one that it is given, and waits for
// the end of the last one's: of a small query's time that was a tenth. So it is given a channel of ours, which stays until
// some context's end has closed it.
type interruption struct {
	sqlite *sqlite.Conn
	closed chan struct{}
	// done is that of the context which is watched, nil if none is, and stop stops watching it.
	done <-chan struct{}
	stop func() bool
}

// watch has the end of ctx interrupt what runs on the connection from now on.
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

// unwatch lets what runs on the connection from now on come to its end.
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

// renew gives the connection a channel that nobody has closed.
func (i *interruption) renew() {
	i.closed = make(chan struct{})
	i.sqlite.SetInterrupt(i.closed)
}
