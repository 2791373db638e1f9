package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/db/eventlog"
	"crm/inbound/message"
)

// The limits of a session of SMTP.
const (
	sessionTimeout = 5 * time.Minute
	maxRecipients  = 100
	maxLine        = 8 << 10
)

// stopTime is how long mail that is under way may take when the server stops.
const stopTime = 10 * time.Second

// SMTPServer is the door for a mail server that hands mail on.
type SMTPServer struct {
	// StopTime is how long mail that is under way may take when the server stops.
	StopTime time.Duration

	server  *smtp.Server
	service *Service
	// receiving has a value for each mail that is being received.
	receiving chan struct{}
	// interrupted is closed when stopping has taken too long.
	interrupted chan struct{}
	mutex       sync.Mutex
	// busy says of each connection whether a mail is under way. While the server stops, the others are closed.
	busy     map[net.Conn]bool
	stopping bool
}

// NewSMTPServer returns the door for SMTP, or for LMTP if that is set.
func (s *Service) NewSMTPServer(lmtp bool) *SMTPServer {
	door := &SMTPServer{
		StopTime: stopTime, service: s, receiving: make(chan struct{}, MaxAtOnce), interrupted: make(chan struct{}), busy: map[net.Conn]bool{},
	}
	door.server = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{door: door, conn: conn.Conn()}, nil
	}))
	door.server.LMTP = lmtp
	door.server.Domain = s.config.Inbox.Domain()
	if door.server.Domain == "" {
		door.server.Domain = "localhost"
	}
	door.server.MaxMessageBytes, door.server.MaxRecipients, door.server.MaxLineLength = message.MaxBytes, maxRecipients, maxLine
	door.server.ReadTimeout, door.server.WriteTimeout = sessionTimeout, sessionTimeout
	door.server.EnableSMTPUTF8 = true
	door.server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)
	return door
}

// Serve accepts mail until ctx is done, and returns when the mail under way is received, or interrupted after StopTime: nothing is
// received any more then.
func (d *SMTPServer) Serve(ctx context.Context, listener net.Listener) error {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = listener.Close() // the library does so only if it has begun to accept
		d.shutDown(context.WithoutCancel(ctx))
	})
	err := d.server.Serve(&acceptor{listener, d})
	if !stop() {
		<-closed
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("cannot serve SMTP: %w", err)
	}
	return nil
}

// shutDown closes the connections, after the mail under way. A client whose connection is closed tries again later.
func (d *SMTPServer) shutDown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, d.StopTime)
	defer cancel()
	d.mutex.Lock()
	d.stopping = true
	d.mutex.Unlock()
	d.closeAll(func(busy bool) bool { return !busy })
	if err := d.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return // another error says that the listener is closed already
	}
	d.service.log.Warn("mail that was under way is interrupted; its sender tries again")
	close(d.interrupted)
	d.closeAll(func(bool) bool { return true })
	late := time.After(d.StopTime)
	for range cap(d.receiving) { // when all have these, no mail is being received, and none will be
		select {
		case d.receiving <- struct{}{}:
		case <-late:
			d.service.log.Error("mail is still being received, although it was interrupted")
			return
		}
	}
}

// closeAll closes the connections to which this applies.
func (d *SMTPServer) closeAll(which func(busy bool) bool) {
	d.mutex.Lock()
	var chosen []net.Conn
	for conn, busy := range d.busy {
		if which(busy) {
			chosen = append(chosen, conn)
		}
	}
	d.mutex.Unlock()
	for _, conn := range chosen {
		_ = conn.Close()
	}
}

// setBusy remembers whether a mail is under way over a connection.
func (d *SMTPServer) setBusy(conn net.Conn, busy bool) {
	d.mutex.Lock()
	_, open := d.busy[conn]
	if open {
		d.busy[conn] = busy
	}
	useless := d.stopping && !busy
	d.mutex.Unlock()
	if useless {
		_ = conn.Close()
	}
}

// begin returns the context for receiving a mail, until end is called. It is done when stopping takes too long.
func (d *SMTPServer) begin() (ctx context.Context, end func(), err error) {
	select {
	case d.receiving <- struct{}{}:
	default:
		return nil, nil, &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "too many mails are under way; try again"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-d.interrupted:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		<-d.receiving
	}, nil
}

// acceptor accepts connections, and tells the door of them: the library does so only once a client has said who it is.
type acceptor struct {
	net.Listener

	door *SMTPServer
}

// Accept implements net.Listener.
func (a *acceptor) Accept() (net.Conn, error) {
	accepted, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := &connection{accepted, a.door}
	a.door.mutex.Lock()
	a.door.busy[conn] = false
	stopping := a.door.stopping
	a.door.mutex.Unlock()
	if stopping {
		_ = conn.Close()
	}
	return conn, nil
}

// connection is a connection that the door forgets when it is closed.
type connection struct {
	net.Conn

	door *SMTPServer
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.door.mutex.Lock()
	delete(c.door.busy, c)
	c.door.mutex.Unlock()
	return c.Conn.Close()
}

// session is a session of SMTP.
type session struct {
	door *SMTPServer
	conn net.Conn
	mail Mail
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = Mail{NullSender: from == ""}
	s.door.setBusy(s.conn, true)
	return nil
}

// Rcpt implements smtp.Session. Only mail to the inbox, and reports to the sender of the server's mail, are accepted: others have to
// be told that there is nobody.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !s.door.service.isOwn(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "there is no such mailbox here"}
	}
	s.mail.Recipients = append(s.mail.Recipients, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	ctx, end, err := s.door.begin()
	if err != nil {
		return err
	}
	defer end()
	raw, err := io.ReadAll(r)
	if errors.Is(err, smtp.ErrDataTooLarge) {
		s.door.service.refuseLarge(ctx, raw)
	}
	if err != nil {
		return err // of go-smtp: too large, or the connection
	}
	s.mail.Raw = raw
	outcome, err := s.door.service.Receive(ctx, s.mail)
	switch {
	case err != nil:
		if ctx.Err() == nil {
			s.door.service.log.Error("mail can't be received now", slog.Any("error", err), eventlog.StackOf(err))
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "the mail can't be received now; try again"}
	case outcome == db.MailRejected:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "the sender isn't known"}
	}
	return nil
}

// Reset implements smtp.Session. It is called after the reply to a mail.
func (s *session) Reset() {
	s.mail = Mail{}
	s.door.setBusy(s.conn, false)
}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }
