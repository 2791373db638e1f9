package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostileAnswer is the maximum size of the response to a hostile request.
const hostileAnswer = 300 << 10

// hostile is a hostile request; code is the expected error, or empty if the request may succeed.
type hostile struct {
	body string
	code string
}

func queryBody(query string) string {
	return `{"query":` + strconv.Quote(query) + `}`
}

// repeated repeats a text n times, with the number in place of #.
func repeated(n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(text, "#", strconv.Itoa(i)))
	}
	return b.String()
}

// nested returns fragments f0 to fn, each of which spreads the next one twice.
func nested(n int, object, leaf string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on %s{...f%d ...f%d}", i, object, i+1, i+1)
	}
	return b.String() + fmt.Sprintf(" fragment f%d on %s{%s}", n, object, leaf)
}

func hostileQueries() map[string]hostile {
	const tooComplex, invalid = "QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED"
	query := func(text, code string) hostile { return hostile{queryBody(text), code} }
	circle := strings.Repeat("fields{type{", 8) + "name" + strings.Repeat("}}", 8)
	return map[string]hostile{
		"10,000 aliases":           query("{"+repeated(10_000, "a#:__typename ")+"}", tooComplex),
		"1,600 aliases":            query("{"+repeated(1_600, "a#:__typename ")+"}", tooComplex),
		"10,000 duplicate fields":  query("{viewer{"+strings.Repeat("__typename ", 10_000)+"}}", tooComplex),
		"4,900 duplicates, unused": query("{__typename} fragment f on User{"+strings.Repeat("id ", 4_900)+"}", tooComplex),
		"2^30 nested fragments":    query("{...f0}"+nested(30, "Query", "__typename"), tooComplex),
		"2^12 fields in fragments": query(`{customer(by:{id:"x"}){...f0}}`+nested(12, "Customer", "id"), tooComplex),
		"circular fragments":       query("{...a} fragment a on Query{...b} fragment b on Query{...a}", invalid),
		"circular introspection":   query("{__schema{types{"+circle+"}}}", invalid),
		"introspection of all":     query("{__schema{"+repeated(190, "a#:types{name fields{name}} ")+"}}", tooComplex),
		"40 KB of errors":          query("{customers{nodes{"+repeated(4_900, "wrong#x ")+"}}}", invalid),
		"40 KB of failing fields":  query("{"+repeated(50, `a#:customers(first:101,where:{name:{eq:"`+strings.Repeat("x", 700)+`"}}){totalCount nodes{id}} `)+"}", "BAD_USER_INPUT"),
		"depth 1,000":              query(strings.Repeat("{customer", 1_000)+strings.Repeat("}", 1_000), tooComplex),
		"depth 100,000":            query(strings.Repeat("{a", 100_000), tooComplex),
		"a text of 200 KB":         query(`{customers(where:{name:{contains:"`+strings.Repeat("x", 200_000)+`"}}){totalCount}}`, "BAD_USER_INPUT"),
		"a name of 200 KB":         query(`{customers(where:{name:{eq:"`+strings.Repeat("x", 200_000)+`"}}){totalCount}}`, ""),
		"a name of 1 MB":           query("{"+strings.Repeat("a", 1<<20-200)+"}", invalid),
		"4,900 values in one list": query(`{nodes(ids:[`+strings.Repeat(`"x" `, 4_900)+`]){id}}`, "BAD_USER_INPUT"),
		"values in 300 operations": query(repeated(300, "query q#{...f} ")+"fragment f on Query{nodes(ids:["+strings.Repeat("1 ", 2_800)+"]){id}}", tooComplex),
		"10,000 variables":         query("query("+repeated(10_000, "$v#:Int ")+"){__typename}", tooComplex),
		"800 directives":           query("{__typename"+strings.Repeat("@include(if:true)", 800)+"}", tooComplex),
		"1 MB of commas":           query("{__typename"+strings.Repeat(",", 1<<20-200)+"}", ""),
		"pages in pages":           query("{customers(first:100){nodes{interactions(first:100){nodes{tickets(first:100){nodes{id}}}}}}}", tooComplex),
		"100,000 given variables":  {`{"query":"{__typename}","variables":{` + repeated(60_000, `"v#":1,`) + `"z":1}}`, tooComplex},
		"100,000 keys":             {`{` + repeated(60_000, `"k#":1,`) + `"query":"{__typename}"}`, tooComplex},
		"JSON, 200,000 deep":       {`{"query":"{__typename}","variables":{"a":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}}`, tooComplex},
		"JSON, 9,000 deep":         {`{"query":"query($w:CustomerWhere){customers(where:$w){totalCount}}","variables":{"w":` + strings.Repeat(`{"not":`, 4_000) + "null" + strings.Repeat("}", 4_000) + `}}`, tooComplex},
		"a number of 1 MB":         {`{"query":"query($n:Int){customers(first:$n){totalCount}}","variables":{"n":` + strings.Repeat("9", 1<<20-200) + `}}`, "BAD_USER_INPUT"},
		"a batch of 10,000":        {"[" + strings.Repeat(queryBody("{__typename}")+",", 9_999) + queryBody("{__typename}") + "]", "BAD_REQUEST"},
		"1 MB that is not JSON":    {strings.Repeat("\x00", 1<<20-200), "BAD_REQUEST"},
		"50 MB":                    {strings.Repeat(" ", 50<<20), tooComplex},
		"a password of 1 MB":       {`{"query":"mutation($p:String!){signUpCustomer(input:{name:\"A\",email:\"a@b.example\",password:$p}){customer{id}}}","variables":{"p":"` + strings.Repeat("x", 1<<20-300) + `"}}`, "BAD_USER_INPUT"},
		"a wrong hash":             {`{"query":"{__typename}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 1<<19) + `"}}}`, "BAD_REQUEST"},
	}
}

// send sends a hostile request. It returns the response and the time until it was answered or cut off; the status is zero
// if it was cut off.
func (h hostile) send(ctx context.Context, url, token string) (took time.Duration, status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", strings.NewReader(h.body))
	if err != nil {
		return 0, 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	start := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return time.Since(start), 0, "", ctx.Err()
	}
	defer func() { _ = response.Body.Close() }()
	content, _ := io.ReadAll(response.Body)
	return time.Since(start), response.StatusCode, string(content), nil
}

func (h hostile) check(t *testing.T, name string, took time.Duration, status int, body string) {
	t.Helper()
	t.Logf("%-26s %8d bytes, %4d, %8.2f ms, %7d bytes", name, len(h.body), status, float64(took.Microseconds())/1000, len(body))
	switch {
	case len(body) > hostileAnswer:
		t.Errorf("%s got %d bytes", name, len(body))
	case status == http.StatusInternalServerError:
		t.Errorf("%s got %s", name, body)
	case status != 0 && h.code != "" && !strings.Contains(body, `"code":"`+h.code+`"`):
		t.Errorf("%s got %.300s, want %s", name, body, h.code)
	case status != 0 && h.code == "" && strings.Contains(body, `"errors"`):
		t.Errorf("%s got %.300s", name, body)
	}
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token, _ := populate(p)
	askMany(p, token, 100)
	memory := residentMemory(t, p)
	for name, one := range hostileQueries() {
		took, status, body, err := one.send(t.Context(), p.url, token)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		one.check(t, name, took, status, body)
	}
	if memory == 0 {
		return
	}
	eventually(t, "the memory is released", func() bool {
		askMany(p, token, 20)
		return residentMemory(t, p) < memory+hostileMemory
	})
	t.Logf("memory: %d KB before, %d KB afterwards", memory>>10, residentMemory(t, p)>>10)
}

var residentPattern = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

// residentMemory returns the resident memory of the program, or zero if the system doesn't report it.
func residentMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	found := residentPattern.FindSubmatch(status)
	if err != nil || found == nil {
		t.Log("this system doesn't report the memory of a program: it is not checked")
		return 0
	}
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return kilobytes << 10
}

// TestHostileConnections checks that unfinished requests are cut off, and that too large ones are refused before they have
// arrived.
func TestHostileConnections(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	const post = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	var running sync.WaitGroup
	for name, test := range map[string]struct {
		sent string
		// drip is sent repeatedly.
		drip, status string
	}{
		"nothing":                {"", "", ""},
		"headers without end":    {post, "", ""},
		"headers that drip":      {post, "X-Drip: x\r\n", ""},
		"a body without end":     {post + "Content-Length: 1000\r\n\r\n{", "", "400"},
		"a body that drips":      {post + "Content-Length: 1000000\r\n\r\n{", " ", "400"},
		"a body beyond any size": {post + "Content-Length: 1000000000000\r\n\r\n{", "", "413"},
		"a chunk beyond any":     {post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n" + strings.Repeat(" ", 2<<20), "", "413"},
		"a header of 1 MB":       {post + "X-Long: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "", "431"},
		"10,000 headers":         {post + repeated(10_000, "X-#: x\r\n") + "\r\n", "", "431"},
		"a path of 1 MB":         {"GET /graphql?query=" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "", "431"},
		"two lengths":            {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "", "400"},
		"a length and chunks":    {post + "Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", "", "501"},
	} {
		running.Go(func() {
			ended, took, err := sendUntilAnswered(p, test.sent, test.drip)
			t.Logf("%-22s %8.2f ms, %q", name, float64(took.Microseconds())/1000, ended)
			// If data is in flight when the server closes, the response can be lost.
			if err != nil || ended != "" && ended != test.status {
				t.Errorf("%s got %s and error %v, want %s", name, ended, err, test.status)
			}
		})
	}
	running.Wait()
}

// sendUntilAnswered sends text on a connection until the server responds or closes it, and returns the status.
func sendUntilAnswered(p *process, sent, dripping string) (status string, took time.Duration, err error) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+p.port())
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(testTimeout))
	done := make(chan struct{})
	defer close(done)
	go drip(conn, sent, dripping, done)
	start := time.Now()
	line, err := bufio.NewReader(conn).ReadString('\n')
	took = time.Since(start)
	var timeout net.Error
	switch {
	case err == nil:
		return strings.Fields(line)[1], took, nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return "", took, err // the connection is still open
	}
	return "", took, nil
}

// drip sends a text, and then another repeatedly until the connection or the test ends.
func drip(conn net.Conn, sent, dripping string, done <-chan struct{}) {
	if _, err := io.WriteString(conn, sent); err != nil || dripping == "" {
		return
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if _, err := io.WriteString(conn, dripping); err != nil {
				return
			}
		}
	}
}
