package address

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for _, test := range []struct {
		text, mailbox string // no mailbox if the text is no address
		utf8          bool
	}{
		{"rohan@gmail.com", "rohan@gmail.com", false},
		{" Rohan.Kumar+crm@Mail.example.co.in\t\n", "Rohan.Kumar+crm@Mail.example.co.in", false},
		{"o'brien@example.com", "o'brien@example.com", false},
		{"a@b", "a@b", false},
		{"a@1.2.3", "a@1.2.3", false},
		{"!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com", false},
		{"taro..yamada.@docomo.example", `"taro..yamada."@docomo.example`, false},
		{".taro@docomo.example", `".taro"@docomo.example`, false},
		{"user@bücher.example", "user@xn--bcher-kva.example", false},
		{"user@BÜCHER.Example", "user@xn--bcher-kva.example", false},
		{"user@bu\u0308cher.example", "user@xn--bcher-kva.example", false},
		{"user@日本語。jp", "user@xn--wgv71a119e.jp", false},
		{"user@xn--bcher-kva.example", "user@xn--bcher-kva.example", false},
		{"jürgen@example.com", "jürgen@example.com", true},
		{"ju\u0308rgen@bücher.example", "jürgen@xn--bcher-kva.example", true},
		{"用户@例子.测试", "用户@xn--fsqu00a.xn--0zwm56d", true},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", false},
		{"a@" + label + "." + label + "." + label + "." + label[:60], "a@" + label + "." + label + "." + label + "." + label[:60], false},

		{"", "", false}, {"rohan", "", false}, {"@example.com", "", false}, {"rohan@", "", false}, {"a@b@c", "", false},
		{"a b@example.com", "", false}, {"a@exam ple.com", "", false}, {"a@-example.com", "", false}, {"a@example-.com", "", false},
		{"a@.com", "", false}, {"a@example..com", "", false}, {"a@example.com.", "", false},
		{"a@example.com\r\nBcc: b@example.com", "", false}, {"a\x00@example.com", "", false}, {"a@example.com\x00", "", false},
		{"<a@example.com>", "", false}, {"A <a@example.com>", "", false}, {"a@example.com,b@example.com", "", false},
		{`"a b"@example.com`, "", false}, {"a@[127.0.0.1]", "", false}, {"a\u200b@example.com", "", false}, {"a\u202e@example.com", "", false},
		{"a\xff@example.com", "", false}, {"=?utf-8?q?x?=@example.com", "", false}, {"a@ex\xffample.com", "", false}, {"a@bü_cher.example", "", false}, {"a@\u00ad.example", "", false},
		{strings.Repeat("a", 65) + "@example.com", "", false}, {strings.Repeat("ü", 33) + "@example.com", "", false},
		{"a@" + label + "." + label + "." + label + "." + label[:61], "", false}, {"a@" + label + "a.com", "", false},
		{"a@" + strings.Repeat("ü", 63) + ".example", "", false}, {strings.Repeat("a@", 100_000), "", false},
	} {
		a, err := Parse(test.text)
		if test.mailbox == "" {
			if err == nil || !strings.HasPrefix(err.Error(), "must ") {
				t.Errorf("%.80q is parsed as %q, error %v", test.text, a.Mailbox(), err)
			}
			continue
		}
		if err != nil || a.Mailbox() != test.mailbox || a.NeedsUTF8() != test.utf8 {
			t.Errorf("%q is written as %s, needs UTF-8: %t, error %v", test.text, a.Mailbox(), a.NeedsUTF8(), err)
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Errorf("%q is stored as %q, which is parsed differently: %v", test.text, a, err)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Rohan@Gmail.com": "Rohan@Gmail.com", " a@b.example\n": "a@b.example",
		"u@xn--bcher-kva.example": "u@bücher.example", "u@XN--BCHER-KVA.example": "u@bücher.example",
		"u@BÜCHER.example": "u@bücher.example", "u@bücher.example": "u@bücher.example",
		"u@xn--?.example": "u@xn--?.example", "no address": "no address", "": "", "@": "@",
	} {
		if got := Canonical(text); got != want {
			t.Errorf("Canonical(%q) is %q, want %q", text, got, want)
		}
	}
}
