package textkey

import (
	"testing"

	"crm/db/store"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"rohan@gmail.com", "Rohan@Gmail.COM"},
		{"é", "É", "e\u0301", "E\u0301"},
		{"straße", "STRASSE", "Strasse", "STRAẞE"},
		{"σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ"},
		{"ünlü", "ÜNLÜ"},
		{"привет", "ПРИВЕТ"},
		{"k", "K", "\u212a"}, // the sign of the unit kelvin
		{"日本語"}, {""}, {"🙂"}, {"a\x00B", "A\x00b"},
	} {
		for _, text := range same {
			if got, want := Fold(text), Fold(same[0]); got != want {
				t.Errorf("%q has the key %q, want that of %q, %q", text, got, same[0], want)
			}
			if twice := Fold(Fold(text)); twice != Fold(text) {
				t.Errorf("the key of %q has the key %q", text, twice)
			}
		}
	}
	for _, different := range [][2]string{{"e", "é"}, {"a", "ä"}, {"i", "ı"}, {"a", " a"}, {"ss", "s"}, {"", "\x00"}} {
		if Fold(different[0]) == Fold(different[1]) {
			t.Errorf("%q and %q have the same key", different[0], different[1])
		}
	}
}

// TestSecondKey checks that an account with another account's address keeps its suffixed key as long as it keeps the
// address, in whatever case.
func TestSecondKey(t *testing.T) {
	t.Parallel()
	second := Fold("Uma@Gmail.com") + "\x00" + store.NewID().String()
	for _, test := range []struct{ stored, email, want string }{
		{"", "Uma@Gmail.com", "uma@gmail.com"},
		{"uma@gmail.com", "UMA@gmail.com", "uma@gmail.com"},
		{"uma@gmail.com", "uma.two@gmail.com", "uma.two@gmail.com"},
		{second, "uma@gmail.com", second},
		{second, "UMA@GMAIL.COM", second},
		{second, "uma@gmail.co", "uma@gmail.co"},
		{second, "uma@gmail.com.au", "uma@gmail.com.au"},
	} {
		if got := UniqueAddress(test.stored, test.email); got != test.want {
			t.Errorf("the key of %s is %q after %q, want %q", test.email, got, test.stored, test.want)
		}
	}
}
