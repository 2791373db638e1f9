package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// conn is a connection with its prepared statements and its builder. Only one goroutine uses it at a time.
type conn struct {
	interruption
	builder  builder
	prepared map[string]*prepared
	uses     int
	// pointers is a buffer for the pointers of the document being read.
	pointers []any
	// commits is the Store's number of commits when the reader's snapshot was taken.
	commits uint64
}

type prepared struct {
	stmt     *sqlite.Stmt
	lastUsed int
}

// maxPrepared bounds the statements that a connection keeps. Their text varies with the shape of filters and orders,
// never with values, so a server has some dozens; a client that sends ever new shapes must not fill the memory.
const maxPrepared = 128

var (
	writerPragmas = []string{
		"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", fmt.Sprintf("PRAGMA cache_size = -%d", writerCache),
		"PRAGMA temp_store = MEMORY", "PRAGMA journal_size_limit = 67108864",
		"PRAGMA wal_autocheckpoint = 0", // see checkpoint
	}
	readerPragmas = []string{
		"PRAGMA query_only = ON", fmt.Sprintf("PRAGMA cache_size = -%d", readerCache), "PRAGMA temp_store = MEMORY",
	}
)

func openConn(ctx context.Context, path string, pragmas []string) (*conn, error) {
	opened, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fromSQLite(ctx, nil, err)
	}
	opened.SetBusyTimeout(busyTimeout)
	c := &conn{interruption: interruption{sqlite: opened}, prepared: make(map[string]*prepared)}
	c.renew()
	c.watch(ctx)
	defer c.unwatch()
	for _, pragma := range pragmas {
		if err := c.exec(pragma); err != nil {
			return nil, errors.Join(fromSQLite(ctx, nil, err), c.close())
		}
	}
	return c, nil
}

func (c *conn) close() error {
	c.unwatch()
	for _, p := range c.prepared {
		_ = p.stmt.Finalize() // repeats the error of the statement's last run
	}
	return c.sqlite.Close()
}

// prepare returns the statement of that text. It is valid until the next call.
func (c *conn) prepare(text []byte) (*sqlite.Stmt, error) {
	c.uses++
	if p := c.prepared[string(text)]; p != nil {
		p.lastUsed = c.uses
		return p.stmt, nil
	}
	if len(c.prepared) >= maxPrepared {
		c.evictOldest()
	}
	stmt, trailing, err := c.sqlite.PrepareTransient(string(text))
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	if trailing != 0 {
		_ = stmt.Finalize()
		return nil, fmt.Errorf("cannot prepare more than one statement: %s", text)
	}
	c.prepared[string(text)] = &prepared{stmt: stmt, lastUsed: c.uses}
	return stmt, nil
}

// evictOldest finalizes the least recently used statement.
func (c *conn) evictOldest() {
	var text string
	oldest := c.uses
	for candidate, p := range c.prepared {
		if p.lastUsed < oldest {
			oldest, text = p.lastUsed, candidate
		}
	}
	_ = c.prepared[text].stmt.Finalize()
	delete(c.prepared, text)
}

// release ends a statement's run and releases the values bound to it. Both errors would repeat that of the run.
func release(stmt *sqlite.Stmt) {
	_ = stmt.Reset()
	_ = stmt.ClearBindings()
}

// exec runs a statement without parameters and ignores the rows it returns.
func (c *conn) exec(text string) error {
	c.builder.reset(nil)
	c.builder.write(text)
	return c.run(nil)
}

// run runs the statement that the builder holds and calls row, if there is one, for each row.
func (c *conn) run(row func(*sqlite.Stmt) error) error {
	stmt, err := c.start()
	if err != nil {
		return err
	}
	defer release(stmt)
	return each(stmt, row)
}

// start prepares the statement that the builder holds and binds its values.
func (c *conn) start() (*sqlite.Stmt, error) {
	b := &c.builder
	if b.err != nil {
		return nil, b.err
	}
	stmt, err := c.prepare(b.text)
	if err != nil {
		return nil, err
	}
	for i, value := range b.args {
		if err := bind(stmt, i+1, value); err != nil {
			release(stmt)
			return nil, err
		}
	}
	return stmt, nil
}

func each(stmt *sqlite.Stmt, row func(*sqlite.Stmt) error) error {
	for {
		found, err := stmt.Step()
		if err != nil || !found {
			return err
		}
		if row == nil {
			continue
		}
		if err := row(stmt); err != nil {
			return err
		}
	}
}

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
