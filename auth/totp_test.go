package auth

import (
	"strings"
	"testing"
	"time"
)

// TestCodeStep checks one-time codes against the examples of RFC 6238, cut to six digits.
func TestCodeStep(t *testing.T) {
	t.Parallel()
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // 12345678901234567890
	for second, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for offset, want := range map[int64]bool{-90: false, -30: true, 0: true, 30: true, 90: false} {
			step, ok := CodeStep(secret, code, time.Unix(second+offset, 0))
			if ok != want || ok && step != int(second/30) {
				t.Errorf("%s, %d seconds later: step %d, %v", code, offset, step, ok)
			}
		}
	}
	for _, wrong := range []string{"", "28708", "2870820", "287083", "２８７０８２"} {
		if _, ok := CodeStep(secret, wrong, time.Unix(59, 0)); ok {
			t.Errorf("%q is accepted", wrong)
		}
	}
}

func TestNewCodeSecret(t *testing.T) {
	t.Parallel()
	secret, err := NewCodeSecret("Acme: CRM", "asha@crm.example")
	if err != nil {
		t.Fatal(err)
	}
	if len(secret.Text) != 32 || !strings.HasPrefix(secret.URI, "otpauth://totp/Acme") || !strings.Contains(secret.URI, secret.Text) ||
		!strings.HasPrefix(secret.QRCode, "data:image/png;base64,iVBOR") {
		t.Errorf("the secret is %+v", secret)
	}
}

// TestSealer checks what a sealer opens.
func TestSealer(t *testing.T) {
	t.Parallel()
	old, next := []byte("the former key"), []byte("the next key")
	sealed := NewSealer(Keys{old}, "letters").Seal("hello", "asha")
	if strings.Contains(sealed, "hello") || sealed == NewSealer(Keys{old}, "letters").Seal("hello", "asha") {
		t.Errorf("sealed is %q", sealed)
	}
	for name, test := range map[string]struct {
		sealer        *Sealer
		sealed, owner string
		want          bool
	}{
		"the same":        {NewSealer(Keys{old}, "letters"), sealed, "asha", true},
		"after a new key": {NewSealer(Keys{next, old}, "letters"), sealed, "asha", true},
		"another key":     {NewSealer(Keys{next}, "letters"), sealed, "asha", false},
		"another purpose": {NewSealer(Keys{old}, "parcels"), sealed, "asha", false},
		"another owner":   {NewSealer(Keys{old}, "letters"), sealed, "ravi", false},
		"changed":         {NewSealer(Keys{old}, "letters"), "A" + sealed[1:], "asha", sealed[0] == 'A'},
		"cut off":         {NewSealer(Keys{old}, "letters"), sealed[:10], "asha", false},
		"nothing":         {NewSealer(Keys{old}, "letters"), "", "asha", false},
	} {
		if text, ok := test.sealer.Open(test.sealed, test.owner); ok != test.want || ok && text != "hello" {
			t.Errorf("%s: %q, %v", name, text, ok)
		}
	}
}
