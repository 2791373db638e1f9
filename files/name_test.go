package files_test

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"crm/files"
)

// TestNames cleans names that could do harm, and checks that clients get the clean name.
func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"report.pdf": "report.pdf", "Q3 réport (final).pdf": "Q3 réport (final).pdf", "見積書.xlsx": "見積書.xlsx", "a;b='c'.txt": "a;b='c'.txt",
		"../../etc/passwd": "passwd", `C:\Windows\system32\cmd.exe`: "cmd.exe", `..\..\x`: "x", "/": "file", "": "file", ".": "file", "..": "file",
		"...": "file", " . ": "file", "a/": "file", "nul\x00byte.txt": "nulbyte.txt", "line\r\nSet-Cookie: x.txt": "lineSet-Cookie_ x.txt",
		"invoice\u202efdp.exe": "invoicefdp.exe", "\u2066x\u2069\u200b\ufeff.txt": "x.txt", "tab\there": "tabhere", "a\u2028b": "ab",
		`quo"te<>|?*:.txt`: "quo_te______.txt", "trailing. . ": "trailing", " leading": "leading", "bad\xffutf.txt": "bad\ufffdutf.txt",
		"non\u00a0breaking": "non breaking", ".htaccess": ".htaccess", "50%.txt": "50%.txt",
		strings.Repeat("a", 300) + ".pdf": strings.Repeat("a", 251) + ".pdf", strings.Repeat("é", 300): strings.Repeat("é", 127),
		strings.Repeat("語", 100) + ".tar.gz": strings.Repeat("語", 84) + ".gz", "x." + strings.Repeat("y", 300): "x." + strings.Repeat("y", 253),
	} {
		got := files.CleanName(name)
		if got != want || len(got) > 255 || !utf8.ValidString(got) || files.CleanName(got) != got {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
		disposition := files.Disposition(got)
		if strings.ContainsFunc(disposition, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("the header of %q is %q", got, disposition)
		}
		kind, parameters, err := mime.ParseMediaType(disposition)
		if plain, _, both := strings.Cut(disposition, "; filename*="); both { // the parser wants one of both
			kind, parameters, err = mime.ParseMediaType("attachment; filename*=" + strings.TrimPrefix(disposition, plain+"; filename*="))
		}
		if strings.Contains(got, "%") && !strings.Contains(disposition, "filename*=") {
			t.Errorf("%q is not written in full: %s", got, disposition)
		}
		if err != nil || kind != "attachment" || parameters["filename"] != got {
			t.Errorf("clients read %q as %q of %s (%v)", disposition, parameters["filename"], kind, err)
		}
	}
}

// TestTypes finds out what contents are, whatever their senders state.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ content, stated, found, served string }{
		{"%PDF-1.7\n", "text/html", "application/pdf", "application/pdf"},
		{"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", "image/png", "image/png"},
		{"<!DOCTYPE html><script>alert(1)</script>", "image/png", "text/html", "application/octet-stream"},
		{`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, "image/png", "image/svg+xml", "application/octet-stream"},
		{"plain words", "text/plain; charset=utf-8", "text/plain", "text/plain"},
		{"a,b\n1,2\n", "text/csv", "text/csv", "text/csv"},
		{"words", "text/html", "text/plain", "text/plain"},
		{"words", "image/svg+xml", "text/plain", "text/plain"},
		{"words", "text/javascript", "text/plain", "text/plain"},
		{"words", "text/calendar", "text/calendar", "text/calendar"},
		{"\x00\x01\x02", "application/x-thing", "application/x-thing", "application/x-thing"},
		{"\x00\x01\x02", "image/png", "application/octet-stream", "application/octet-stream"},
		{"\x00\x01\x02", "not a type", "application/octet-stream", "application/octet-stream"},
		{"", "", "application/octet-stream", "application/octet-stream"},
	} {
		found, all, err := files.Sniff(strings.NewReader(test.content), files.CleanType(test.stated))
		if err != nil || found != test.found || files.ServedType(found) != test.served {
			t.Errorf("%q, stated as %q, is %q and served as %q (%v), want %q and %q", test.content, test.stated, found, files.ServedType(found), err, test.found, test.served)
		}
		var read strings.Builder
		if _, err := readAll(&read, all); err != nil || read.String() != test.content {
			t.Errorf("%q is read as %q (%v)", test.content, read.String(), err)
		}
	}
}
