package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// TestStop checks that a stopping server answers requests that have arrived, and finishes the mail that it is sending.
func TestStop(t *testing.T) {
	t.Parallel()
	arrived, accept := make(chan struct{}, 2), make(chan struct{})
	smtpServer := openMailServer(t, func() {
		arrived <- struct{}{}
		<-accept
	})
	folder := t.TempDir()
	p := serve(t, folder, smtpServer.settings()...)
	if out := read(t, p.out); !strings.Contains(out, "sent through 127.0.0.1:"+smtpServer.port) {
		t.Errorf("the greeting is\n%s", out)
	}
	token, customer := populate(p)
	meeting := p.must(token, createInteraction, variables{"customer": customer, "title": "Demo"}).
		text("createInteraction.interaction.id")
	<-arrived
	<-arrived
	finish := p.beginRequest(logIn, variables{"email": "asha@crm.example", "password": "correct horse"})
	p.signal(syscall.SIGTERM)
	eventually(t, "new connections are refused", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+p.port())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	if a := finish(); a.status != http.StatusOK || a.text("logInUser.tokens.accessToken") == "" {
		t.Errorf("the log-in under way got %d %s", a.status, a.raw)
	}
	select {
	case <-p.ended:
		t.Error("the program ended while it was sending mail")
	default:
	}
	close(accept)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	p = serve(t, folder, smtpServer.settings()...)
	nodes := p.must(token, `query($id: ID!) { interaction(id: $id) { deliveries { nodes { status attempts } } } }`,
		variables{"id": meeting}).at("interaction.deliveries.nodes")
	if got := fmt.Sprint(nodes); got != "[map[attempts:1 status:SENT] map[attempts:1 status:SENT]]" {
		t.Errorf("the deliveries are %s", got)
	}
	p.stop()
	if mails := smtpServer.inbox(); len(mails) != 2 {
		t.Errorf("there are %d mails: %v", len(mails), mails)
	}
}

// beginRequest sends an operation without its body, and returns when the server waits for that. finish sends the body and
// returns the response.
func (p *process) beginRequest(query string, vars variables) (finish func() answer) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		p.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+p.port())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	if err != nil {
		p.t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	respond := func() answer {
		p.t.Helper()
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		if response.StatusCode == http.StatusContinue {
			return answer{status: response.StatusCode}
		}
		a, err := readAnswer(response)
		if err != nil {
			p.t.Fatal(err)
		}
		return a
	}
	if a := respond(); a.status != http.StatusContinue {
		p.t.Fatalf("the server doesn't accept the body: %d %s", a.status, a.raw)
	}
	return func() answer {
		p.t.Helper()
		if _, err := conn.Write(body); err != nil {
			p.t.Fatal(err)
		}
		return respond()
	}
}
