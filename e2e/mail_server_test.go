package e2e_test

import (
	"io"
	"log"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"crm/notify/mail/mailtest"
)

// sendingTo returns settings that make the program send its mail from an address to a server.
func sendingTo(smtpServer *mailtest.Server, from string) []string {
	return []string{"SMTP_HOST=127.0.0.1", "SMTP_PORT=" + strconv.Itoa(smtpServer.Port()), "SMTP_MAIL=" + from}
}

// serveWithMail starts a server that sends its mail to a real SMTP server, with links to a front end.
func serveWithMail(t *testing.T, frontEnd string) (*process, *mailtest.Server) {
	t.Helper()
	smtpServer := mailtest.NewServer(t, mailtest.WithoutTLS)
	return serve(t, t.TempDir(), append(sendingTo(smtpServer, "crm@example.com"), "PUBLIC_URL="+frontEnd)...), smtpServer
}

// mailServer is a real SMTP server that keeps its messages.
type mailServer struct {
	port string
	// arriving is called for a received message before it is accepted.
	arriving func()

	mutex    sync.Mutex
	messages []message
}

// message is an accepted message.
type message struct{ id, to, subject string }

func openMailServer(t *testing.T, arriving func()) *mailServer {
	t.Helper()
	o := &mailServer{arriving: arriving}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &smtpSession{o}, nil }))
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.port = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return o
}

// settings returns settings that make the program use this server.
func (o *mailServer) settings() []string {
	return []string{"SMTP_HOST=127.0.0.1", "SMTP_PORT=" + o.port, "SMTP_MAIL=crm@example.com"}
}

func (o *mailServer) inbox() []message {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.Clone(o.messages)
}

// smtpSession is a session of one client.
type smtpSession struct{ smtpServer *mailServer }

func (*smtpSession) Mail(string, *smtp.MailOptions) error { return nil }
func (*smtpSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*smtpSession) Reset()                               {}
func (*smtpSession) Logout() error                        { return nil }

func (c *smtpSession) Data(r io.Reader) error {
	received, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, received.Body); err != nil {
		return err
	}
	to, err := mail.ParseAddress(received.Header.Get("To"))
	if err != nil {
		return err
	}
	if c.smtpServer.arriving != nil {
		c.smtpServer.arriving()
	}
	c.smtpServer.mutex.Lock()
	defer c.smtpServer.mutex.Unlock()
	c.smtpServer.messages = append(c.smtpServer.messages, message{
		strings.Trim(received.Header.Get("Message-Id"), "<>"), to.Address, received.Header.Get("Subject"),
	})
	return nil
}
