package textkey

import (
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"jose", "José", "JOSE\u0301", "ＪＯＳÉ", "jo\u200bse\u00ad"}, {"muller", "Müller", "MULLER"}, {"strasse", "Straße", "STRASSE"},
		{"soren lukasz", "Søren  Łukasz", "søren\u00a0łukasz", "Soren\nLukasz"}, {"o'brien", "O’Brien", "O‘Brien"}, {"a-b", "a–b", "A\u2011B"},
		{"istanbul", "İstanbul", "ıstanbul"}, {"nguyen dong", "Nguyễn Đông"}, {"παπαδοπουλος", "Παπαδόπουλος"}, {"елкин", "Ёлкин"},
		{"احمد", "أحمد", "أَحْمَد", "احمـد"}, {"שלום", "שָׁלוֹם"}, {"team 12", "Team ١٢", "Ｔｅａｍ　１２"}, {"カナ", "ｶﾅ"}, {"office", "oﬃce"},
		{"日立", "日立\ufe0f"}, {"한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"}, {""},
	} {
		for _, text := range same {
			if got, want := Search(text), Search(same[0]); got != want {
				t.Errorf("%q has the key %q, want that of %q, %q", text, got, same[0], want)
			}
			if simple := simplify(text); simplify(simple) != simple {
				t.Errorf("%q becomes %q and then %q", text, simple, simplify(simple))
			}
		}
	}
	for _, different := range [][2]string{{"й", "и"}, {"が", "か"}, {"कि", "के"}, {"a", "b"}, {"ab", "a b"}, {"张", "張"}} {
		if Search(different[0]) == Search(different[1]) {
			t.Errorf("%q and %q have the same key", different[0], different[1])
		}
	}
}

func TestSearchedParts(t *testing.T) {
	t.Parallel()
	for text, parts := range map[string][]string{
		"日立製作所": {"日立", "立製", "作所", "立製作", "日立製作所"}, "株式会社A社": {"A社", "社a", "会社"}, "김철수": {"김철", "철수"}, "メモリー": {"メモ", "リー", "ﾓﾘ"},
		"陳 大文": {"大文"}, "José García": {"jose", "gar", "SÉ G"}, "3月の会": {"3月", "３月"},
	} {
		for _, sought := range parts {
			if part, length := Part(sought); length < 3 || !strings.Contains(Search(text), part) {
				t.Errorf("%q isn't found in %q: by %q, of length %d", sought, text, part, length)
			}
		}
	}
	for _, test := range []struct {
		text, sought string
		length       int
	}{{"日立製作所", "日製", 3}, {"日立", "立日", 3}, {"陳 大文", "陳大", 3}, {"東京都", "京東京", 3}, {"ab", "ab", 2}, {"日本", "日", 1}, {"日本", "", 0}, {"日 本", " 本", 2}} {
		part, length := Part(test.sought)
		if length != test.length || length >= 3 && strings.Contains(Search(test.text), part) {
			t.Errorf("%q is found in %q by %q, of length %d, want %d", test.sought, test.text, part, length, test.length)
		}
	}
	if !strings.HasPrefix(Search("日立製作所"), Prefix("日立")) || strings.HasPrefix(Search("日立製作所"), Prefix("立")) {
		t.Error("a beginning isn't one")
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for locale, sorted := range map[string][]string{
		"":                {"", "'tis", "10 Downing Street", "Ana B", "anab", "Äpfel", "Apfelsaft", "Jose", "José", "Josef", "Øre", "Österreich", "Team 2", "team 10", "Team 100", "Zebra", "Ελένη", "Мария", "日立"},
		"sv":              {"Apfel", "Ost", "Zebra", "Ångström", "Äpfel", "Österreich"},
		"de-u-co-phonebk": {"Adler", "Äpfel", "Afel"},
		"da":              {"Apfel", "Zebra", "Ægir", "Øre", "Århus"},
	} {
		collation, err := ParseCollation(locale)
		if err != nil {
			t.Fatal(err)
		}
		keys := New("", collation)
		for i := range len(sorted) - 1 {
			if a, b := keys.Order(sorted[i]), keys.Order(sorted[i+1]); a >= b {
				t.Errorf("in %q, %q (%x) is not before %q (%x)", locale, sorted[i], a, sorted[i+1], b)
			}
		}
	}
	keys := Default()
	if keys.Order("ROHAN") != keys.Order("rohan") || strings.Contains(keys.Order("a\x00b"), "\x00") {
		t.Error("case or NUL counts")
	}
	if n := len(keys.Order("Rohan Kumar")); n > 40 {
		t.Errorf("the key of a name has %d bytes", n)
	}
	for _, locale := range []string{"xx", "bogus_locale_x", "de ", "english"} {
		if _, err := ParseCollation(locale); err == nil {
			t.Errorf("%q is a locale", locale)
		}
	}
}
