package mail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"crm/notify/mail/mailtest"
)

// fault is who has to mend the cause of an error.
func fault(err error) string {
	var (
		sender    *SenderError
		permanent *PermanentError
	)
	switch {
	case err == nil:
		return "none"
	case errors.As(err, &sender):
		return "sender"
	case errors.As(err, &permanent):
		return "recipient"
	}
	return "time"
}

// TestReplies checks whose fault the replies to each step are.
func TestReplies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script string // the replies to connect, EHLO, MAIL, RCPT, DATA and the message
		fault  string
	}{
		{"554 go away", "sender"},
		{"421 busy", "time"},
		{"220 hi|550 no|550 no", "sender"},
		{"220 hi|250 ok|421 busy", "time"},
		{"220 hi|250 ok|550 no such sender", "sender"},
		{"220 hi|250 ok|550 5.1.2 nobody knows you", "sender"},
		{"220 hi|250 ok|530 log in first", "sender"},
		{"220 hi|250 ok|250 ok|450 later", "time"},
		{"220 hi|250 ok|250 ok|550 no such mailbox", "recipient"},
		{"220 hi|250 ok|250 ok|554 5.7.1 <carl@customer.example>: Relay access denied", "sender"},
		{"220 hi|250 ok|250 ok|250 ok|451 later", "time"},
		{"220 hi|250 ok|250 ok|250 ok|554 no", "recipient"},
		{"220 hi|250 ok|250 ok|250 ok|354 go|452 full", "time"},
		{"220 hi|250 ok|250 ok|250 ok|354 go|554 spam", "recipient"},
		{"220 hi|250 ok|250 ok|250 ok|354 go|554 Message rejected: Email address is not verified.", "sender"},
		{"220 hi|250 ok|250 ok|250 ok|354 go", "time"},
		{"220 hi|250 ok|gibberish", "time"},
		{"220 hi|250 ok|250 ok|250 ok|354 go|250 taken", "none"}, // and no reply to QUIT
	} {
		t.Run(test.script, func(t *testing.T) {
			t.Parallel()
			err := scripted(t, strings.Split(test.script, "|")).Send(t.Context(), newMessage())
			if got := fault(err); got != test.fault {
				t.Errorf("the fault is the %s's, want %s: %v", got, test.fault, err)
			}
		})
	}
}

// silence, in place of a reply, makes a scripted server wait until the client goes away.
const silence = ""

// scripted returns a mailer for a server that sends its replies one by one, then closes the connection.
func scripted(t *testing.T, replies []string) *SMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		reader := bufio.NewScanner(conn)
		for i, reply := range replies {
			if reply == silence {
				for reader.Scan() {
					continue
				}
				return
			}
			_, _ = fmt.Fprintf(conn, "%s\r\n", reply)
			for reader.Scan() && i == 4 && strings.HasPrefix(reply, "354") && reader.Text() != "." {
				continue
			}
		}
	}()
	mailer, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: mailtest.User})
	if err != nil {
		t.Fatal(err)
	}
	return mailer
}

// TestTimeouts checks that each step of a session has its own timeout.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		step   string
		script string // what the server replies before it falls silent
		short  func(*timeouts) *time.Duration
	}{
		{"greeting", "", func(t *timeouts) *time.Duration { return &t.command }},
		{"EHLO", "220 hi", func(t *timeouts) *time.Duration { return &t.command }},
		{"MAIL", "220 hi|250 ok", func(t *timeouts) *time.Duration { return &t.command }},
		{"RCPT", "220 hi|250 ok|250 ok", func(t *timeouts) *time.Duration { return &t.command }},
		{"DATA", "220 hi|250 ok|250 ok|250 ok", func(t *timeouts) *time.Duration { return &t.data }},
		{"message", "220 hi|250 ok|250 ok|250 ok|354 go", func(t *timeouts) *time.Duration { return &t.acceptance }},
	} {
		t.Run(test.step, func(t *testing.T) {
			t.Parallel()
			mailer := scripted(t, append(strings.FieldsFunc(test.script, func(r rune) bool { return r == '|' }), silence))
			mailer.timeouts = timeouts{time.Hour, time.Hour, time.Hour, time.Hour, time.Hour}
			*test.short(&mailer.timeouts) = 50 * time.Millisecond
			if err := mailer.Send(t.Context(), newMessage()); !errors.Is(err, errSlow) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	want := timeouts{time.Minute, 5 * time.Minute, 2 * time.Minute, 3 * time.Minute, 10 * time.Minute}
	if got := standardTimeouts(); got != want {
		t.Errorf("the timeouts are %v, want %v", got, want)
	}
}

// TestInterrupted checks that sending ends with its context.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	mailer := scripted(t, []string{silence})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := mailer.Send(ctx, newMessage()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}
