package auth

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/bcrypt"
)

func newHasher(t *testing.T, cost, parallel int) *Hasher {
	t.Helper()
	hasher, err := NewHasher(cost, parallel)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

func TestPasswordLength(t *testing.T) {
	t.Parallel()
	hasher := newHasher(t, bcrypt.MinCost, 1)
	for _, test := range []struct {
		name, password string
		ok             bool
	}{
		{"empty", "", false},
		{"7 characters", strings.Repeat("~", 7), false},
		{"8 characters", strings.Repeat("~", 8), true},
		{"4 letters of 2 bytes", "äöüß", false},
		{"8 letters of 2 bytes", "äöüßöäßü", true},
		{"8 letters, of 7 in NFC", "a\u0308bcdefg", false},
		{"72 bytes", strings.Repeat("a", 72), true},
		{"73 bytes", strings.Repeat("a", 73), false},
		{"36 letters of 2 bytes and one more", strings.Repeat("ä", 36) + "a", false},
		{"36 letters of 3 bytes, of 2 in NFC", strings.Repeat("a\u0308", 36), true},
		{"with a line break", "password\n", false},
		{"with a tab", "pass\tword", false},
		{"with NUL", "pass\x00word", false},
	} {
		if problem := hasher.Problem(test.password); (problem == "") != test.ok {
			t.Errorf("%s: %q", test.name, problem)
		}
	}
}

func TestPasswordIsVerified(t *testing.T) {
	t.Parallel()
	hasher := newHasher(t, bcrypt.MinCost, 1)
	longest := strings.Repeat("a", 72)
	hash := func(password string, cost int) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
		if err != nil {
			t.Fatal(err)
		}
		return string(hash)
	}
	ours, err := hasher.Hash(t.Context(), longest)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, hash, password string
		ok, outdated         bool
	}{
		{"right", ours, longest, true, false},
		{"wrong", ours, "password", false, false},
		{"wrong in the last byte", ours, longest[1:] + "b", false, false},
		{"empty", ours, "", false, false},
		{"with another cost", hash("password", bcrypt.MinCost+1), "password", true, true},
		{"wrong, with another cost", hash("password", bcrypt.MinCost+1), "passwort", false, false},
		// The old application accepted longer passwords, of which bcrypt used only the first 72 bytes.
		{"longer than now allowed", hash(longest, bcrypt.MinCost), longest + "and more", true, false},
		{"no account", "", "password", false, false},
		{"no account, with a long password", "", "no account has this password", false, false},
	} {
		ok, outdated, err := hasher.Verify(t.Context(), test.hash, test.password)
		if ok != test.ok || outdated != test.outdated || err != nil {
			t.Errorf("%s: %v, outdated %v, %v", test.name, ok, outdated, err)
		}
	}
	_, _, err = hasher.Verify(t.Context(), "plain-text-hash", "my-own-password")
	if err == nil || strings.Contains(err.Error(), "my-own-password") || strings.Contains(err.Error(), "plain-text-hash") {
		t.Errorf("an invalid hash gives %v", err)
	}
}

// TestWrongPasswordsTakeTheSameTime counts the rounds of bcrypt for a wrong password: hashes of other costs than the server's, which it had
// before, don't tell who has an account.
func TestWrongPasswordsTakeTheSameTime(t *testing.T) {
	t.Parallel()
	hasher, rounds := newHasher(t, bcrypt.MinCost+1, 1), 0
	hasher.compare = func(hash, password []byte) error {
		cost, err := bcrypt.Cost(hash)
		if err != nil {
			t.Error(err)
		}
		rounds += 1 << cost
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	for _, test := range []struct{ highest, cost int }{
		{bcrypt.MinCost + 1, 0}, {bcrypt.MinCost + 1, bcrypt.MinCost}, {bcrypt.MinCost + 1, bcrypt.MinCost + 1},
		{bcrypt.MinCost + 3, bcrypt.MinCost + 3}, // from here on
		{bcrypt.MinCost + 3, 0}, {bcrypt.MinCost + 3, bcrypt.MinCost}, {bcrypt.MinCost + 3, bcrypt.MinCost + 1},
	} {
		hash := ""
		if test.cost > 0 {
			hash = string(dummy(test.cost))
		}
		rounds = 0
		ok, _, err := hasher.Verify(t.Context(), hash, "a password")
		if ok || err != nil || rounds != 1<<test.highest {
			t.Errorf("with a hash of cost %d, a wrong password took %d rounds, want %d; %v, %v", test.cost, rounds, 1<<test.highest, ok, err)
		}
	}
}

// TestPasswordCost checks which costs a server may have.
func TestPasswordCost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"10": 10, "14": 14, "9": 0, "15": 0, "twelve": 0, "": 0} {
		if cost, err := ParsePasswordCost(text); cost != want || (err != nil) != (want == 0) {
			t.Errorf("%q is %d, %v", text, cost, err)
		}
	}
}

// TestGuessedPasswords checks that nobody chooses what is tried first.
func TestGuessedPasswords(t *testing.T) {
	t.Parallel()
	hasher := newHasher(t, bcrypt.MinCost, 1)
	for _, test := range []struct {
		password string
		known    []string
		ok       bool
	}{
		{"password", nil, false},
		{"PassWord", nil, false},
		{"12345678", nil, false},
		{"qwertyuiop", nil, false},
		{"qwertyuiop is easy", nil, true},
		{"correct horse", nil, true},
		{"Asha Sharma", []string{"asha@example.com", "Asha Sharma"}, false},
		{"asha\u00a0sharma", []string{"asha@example.com", "Asha Sharma"}, false},
		{"Asha Sharma", []string{"asha@example.com", "Asha"}, true},
		{"asha.sharma@example.com", []string{"Asha.Sharma@example.com", "Asha"}, false},
		{"asha.sharma", []string{"Asha.Sharma@example.com", "Asha"}, false},
		{"asha.sharma2", []string{"Asha.Sharma@example.com", "Asha"}, true},
		{"correct horse", []string{"", "@", "@example.com"}, true},
	} {
		if problem := hasher.Problem(test.password, test.known...); (problem == "") != test.ok {
			t.Errorf("%q of %q: %q", test.password, test.known, problem)
		}
	}
}

// TestCommonPasswords checks that the list is complete and sorted, as the search in it needs.
func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	reader, err := gzip.NewReader(bytes.NewReader(commonPasswords))
	if err != nil {
		t.Fatal(err)
	}
	list, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(list))
	if len(lines) != 10_000 || !slices.IsSorted(lines) {
		t.Errorf("the list has %d passwords, sorted: %t", len(lines), slices.IsSorted(lines))
	}
	for _, password := range []string{lines[0], lines[5000], lines[9999]} {
		if !isCommon(password) || isCommon(password+"~") {
			t.Errorf("%q isn't found, or another one is", password)
		}
	}
}

// TestPasswordForms checks that a password can be typed on any keyboard, and that hashes of the form in which it was typed
// before keep working, and are replaced.
func TestPasswordForms(t *testing.T) {
	t.Parallel()
	hasher := newHasher(t, bcrypt.MinCost, 1)
	const composed, decomposed = "Zażółć gęślą", "Zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328"
	const spaced = "Zażółć\u00a0gęślą"
	prepared, err := hasher.Hash(t.Context(), decomposed)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{composed, decomposed, spaced} {
		if ok, outdated, err := hasher.Verify(t.Context(), prepared, typed); !ok || outdated || err != nil {
			t.Errorf("%+q: %t, outdated %t, %v", typed, ok, outdated, err)
		}
		before, err := bcrypt.GenerateFromPassword([]byte(typed), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range []string{composed, decomposed, typed} {
			ok, outdated, err := hasher.Verify(t.Context(), string(before), again)
			if wantOK := typed != spaced || again == spaced; ok != wantOK || ok && outdated != (typed != composed) || err != nil {
				t.Errorf("a hash of %+q, typed as %+q: %t, outdated %t, %v", typed, again, ok, outdated, err)
			}
		}
	}
	for _, wrong := range []string{"Zazolc gesla", "Zażółć gęśla", "zażółć gęślą", ""} {
		if ok, _, err := hasher.Verify(t.Context(), prepared, wrong); ok || err != nil {
			t.Errorf("%q: %t, %v", wrong, ok, err)
		}
	}
	if forms := formsOf("an ASCII password"); len(forms) != 1 {
		t.Errorf("a password in ASCII has the forms %q, which take as many times longer to verify", forms)
	}
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hasher := newHasher(t, bcrypt.MinCost, 2)
		for range 2 { // occupy both slots
			if err := hasher.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		finished := make(chan error)
		work := func(ctx context.Context, hash bool) {
			var err error
			if hash {
				_, err = hasher.Hash(ctx, "password")
			} else {
				_, _, err = hasher.Verify(ctx, "", "password")
			}
			finished <- err
		}
		cancelled, cancel := context.WithCancel(t.Context())
		go work(cancelled, true)
		go work(cancelled, false)
		synctest.Wait()
		select {
		case <-finished:
			t.Fatal("a third password is hashed concurrently")
		default:
		}
		cancel()
		for range 2 {
			if err := <-finished; !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled call gets %v", err)
			}
		}
		for range 5 {
			go work(t.Context(), true)
		}
		synctest.Wait()
		hasher.release()
		hasher.release()
		for range 5 {
			if err := <-finished; err != nil {
				t.Errorf("a call that waits for a slot gets %v", err)
			}
		}
		if len(hasher.slots) != 0 {
			t.Errorf("%d slots were not released", len(hasher.slots))
		}
	})
}
