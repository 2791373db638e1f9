package files_test

import (
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"crm/files"
)

func readAll(into *strings.Builder, from io.Reader) (int64, error) { return io.Copy(into, from) }

// TestLinks checks for how long addresses hold, and that they survive the replacement of a key. Whether they can be forged is tested
// with the server.
func TestLinks(t *testing.T) {
	t.Parallel()
	begin := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	now := begin
	clock := func() time.Time { return now }
	old := files.Links{Keys: [][]byte{[]byte("old")}, Base: "https://api.example.com/crm", Now: clock}
	address, expires := old.Sign(files.Link{Method: "GET", Path: "/files/a", For: "cus_1"})
	path, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil || path != "https://api.example.com/crm/files/a" {
		t.Fatalf("the address is %s, %v", address, err)
	}
	if life := expires.Sub(begin); life < 10*time.Minute || life > files.LinkLife {
		t.Errorf("it holds for %s", life)
	}
	if again, _ := old.Sign(files.Link{Method: "GET", Path: "/files/a", For: "cus_1"}); again != address {
		t.Errorf("at the same time, the address is %s and %s", address, again)
	}
	for _, test := range []struct {
		keys  []string
		after time.Duration
		want  bool
	}{
		{[]string{"old"}, 0, true}, {[]string{"new", "old"}, 0, true}, {[]string{"new"}, 0, false},
		{[]string{"old"}, expires.Sub(begin) - time.Second, true}, {[]string{"old"}, expires.Sub(begin), false},
	} {
		l := files.Links{Now: clock}
		for _, key := range test.keys {
			l.Keys = append(l.Keys, []byte(key))
		}
		now = begin.Add(test.after)
		owner, until, err := l.Verify("GET", "/files/a", values)
		if (err == nil) != test.want || err == nil && (owner != "cus_1" || !until.Equal(expires)) {
			t.Errorf("with keys %q after %s, it is of %q until %s, %v", test.keys, test.after, owner, until, err)
		}
	}
}
