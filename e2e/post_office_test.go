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
)

// postOffice is a real mail server.
type postOffice struct {
	port string
	// arriving is called when a message has come, before it is accepted.
	arriving func()

	mutex   sync.Mutex
	letters []letter
}

// letter is a message that was accepted.
type letter struct{ id, to, subject string }

func openPostOffice(t *testing.T, arriving func()) *postOffice {
	t.Helper()
	o := &postOffice{arriving: arriving}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counter{o}, nil }))
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

// settings make the program send its mail here.
func (o *postOffice) settings() []string {
	return []string{"SMTP_HOST=127.0.0.1", "SMTP_PORT=" + o.port}
}

func (o *postOffice) inbox() []letter {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.Clone(o.letters)
}

// counter is where one client hands its mail over.
type counter struct{ office *postOffice }

func (*counter) Mail(string, *smtp.MailOptions) error { return nil }
func (*counter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*counter) Reset()                               {}
func (*counter) Logout() error                        { return nil }

func (c *counter) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, message.Body); err != nil {
		return err
	}
	to, err := mail.ParseAddress(message.Header.Get("To"))
	if err != nil {
		return err
	}
	if c.office.arriving != nil {
		c.office.arriving()
	}
	c.office.mutex.Lock()
	defer c.office.mutex.Unlock()
	c.office.letters = append(c.office.letters, letter{
		strings.Trim(message.Header.Get("Message-Id"), "<>"), to.Address, message.Header.Get("Subject"),
	})
	return nil
}
