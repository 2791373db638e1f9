package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestTooManyOpenFiles lets connections use up the file descriptors of a server. It goes on answering on a connection that it has, every
// write that it acknowledges is there, and it accepts others as soon as it can.
func TestTooManyOpenFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no limit of a process's open files: nothing is tested")
	}
	const writes = 20
	p := beginCommand(t, exec.Command("/bin/sh", "-c", `ulimit -n 64 && exec "$0"`, program), t.TempDir(), nil, "")
	p.waitUntilReady()
	token := p.must("", `mutation { signUpUser(input: {name: "Ada", email: "ada@example.com", password: "change me soon"}) {
		tokens { accessToken } } }`, nil).text("signUpUser.tokens.accessToken")

	var strangers []net.Conn
	for range 100 {
		stranger, err := net.DialTimeout("tcp", "localhost:"+p.port(), testTimeout)
		if err != nil {
			t.Fatal(err) // the system accepts more of them than the server
		}
		defer func() { _ = stranger.Close() }()
		strangers = append(strangers, stranger)
		if _, err := io.WriteString(stranger, "GET /"); err != nil { // a request that goes on
			t.Fatal(err)
		}
	}
	refusals := func() int { return strings.Count(read(t, p.logs), "too many open files") }
	eventually(t, "the server has no file descriptor left", func() bool { return refusals() > 0 })
	for n := range writes {
		p.must(token, fmt.Sprintf(`mutation { createCustomer(input: {name: "Customer %d"}) { customer { id } } }`, n), nil)
	}
	if n := refusals(); n > 1000 { // it tries once a second at last
		t.Errorf("the log says so %d times: the server doesn't pause", n)
	}

	for _, stranger := range strangers {
		_ = stranger.Close()
	}
	fresh := &http.Client{Transport: new(http.Transport), Timeout: testTimeout}
	response, err := fresh.Get(p.url + "/healthz")
	if err != nil {
		t.Fatalf("the server doesn't recover: %v", err)
	}
	_ = response.Body.Close()
	fresh.CloseIdleConnections()
	if a := p.must(token, `{ customers { totalCount } }`, nil); a.at("customers.totalCount") != float64(writes) {
		t.Errorf("of %d customers there are %s", writes, a.raw)
	}
	p.stop()
}
