package message_test

import (
	"runtime"
	"strings"
	"testing"

	"crm/inbound/message"
)

// TestWork checks that mail made to cost much takes work in proportion to its size. It doesn't run beside other tests, whose
// allocations would count.
func TestWork(t *testing.T) { //nolint:paralleltest // see above
	const head = "From: jane@customer.example\r\n"
	for _, test := range []struct {
		what, raw, problem string
	}{
		{"a field of many lines", head + "Subject: a\r\n" + strings.Repeat(" a\r\n", 20_000) + "\r\nHello", ""},
		{"a subject of encoded words without an end", head + "Subject: " + strings.Repeat("=?utf-8?q?x", 20_000) + "?=\r\n\r\nHello", ""},
		{"many lists of such recipients", head + strings.Repeat("To: "+strings.Repeat("=?utf-8?q?x", 5000)+"?= <a@b.example>\r\n", 20) + "\r\nHello", ""},
		{
			"many parts", head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
				strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n", 10_100) + "--b--", "it has too many parts",
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m := message.NewParser().Parse([]byte(test.raw))
		runtime.ReadMemStats(&after)
		if bytes := int(after.TotalAlloc - before.TotalAlloc); bytes > 100*len(test.raw) {
			t.Errorf("%s: it takes %d KB for %d KB", test.what, bytes>>10, len(test.raw)>>10)
		}
		if m.Problem != test.problem || !strings.Contains(m.Text, "Hello") {
			t.Errorf("%s: the problem is %q, want %q; the text %.50q", test.what, m.Problem, test.problem, m.Text)
		}
	}
}
