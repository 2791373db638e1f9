package auth

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var (
	usersKey     = []byte("the key of the users")
	customersKey = []byte("the key of the customers")
	someUser     = Viewer{Role: User, Account: ID{1, 2, 3}, Session: ID{4, 5, 6}}
	someCustomer = Viewer{Role: Customer, Account: ID{7, 8, 9}, Session: ID{10, 11, 12}}
)

func newTokens(t *testing.T, user, customer Keys) *Tokens {
	t.Helper()
	tokens, err := NewTokens(user, customer)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// goodClaims are the claims of a valid token of someUser, which tests modify.
func goodClaims() claims {
	return claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: "010203000000000000000000", Audience: jwt.ClaimStrings{userAudience},
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		},
		Session: "040506000000000000000000",
	}
}

func signed(t *testing.T, method jwt.SigningMethod, key any, c claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenIdentifiesItsViewer(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, Keys{usersKey}, Keys{customersKey})
	for name, viewer := range map[string]Viewer{"user": someUser, "customer": someCustomer} {
		token, expires, err := tokens.Issue(viewer)
		if err != nil {
			t.Fatal(err)
		}
		viewer.Expires = expires
		if got, err := tokens.Verify(token); err != nil || got != viewer {
			t.Errorf("a %s's token identifies %+v, %v, want %+v", name, got, err, viewer)
		}
		if life := time.Until(expires); life <= 0 || life > AccessTokenLife {
			t.Errorf("a %s's token lives for %v", name, life)
		}
	}
	// Only the store knows the role: a token makes nobody an admin.
	token, expires, err := tokens.Issue(Viewer{Role: Admin, Account: someUser.Account, Session: someUser.Session})
	if err != nil {
		t.Fatal(err)
	}
	staff := someUser
	staff.Expires = expires
	if got, err := tokens.Verify(token); err != nil || got != staff {
		t.Errorf("an admin's token identifies %+v, %v, want a USER", got, err)
	}
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	good := signed(t, jwt.SigningMethodHS256, usersKey, goodClaims())
	changed := func(change func(c *claims)) string {
		c := goodClaims()
		change(&c)
		return signed(t, jwt.SigningMethodHS256, usersKey, c)
	}
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	for _, test := range []struct {
		name, token string
		want        error
	}{
		{"good", good, nil},
		{"expired", changed(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Second)) }), ErrExpiredToken},
		{"without an expiry", changed(func(c *claims) { c.ExpiresAt = nil }), ErrInvalidToken},
		{"not yet valid", changed(func(c *claims) { c.NotBefore = jwt.NewNumericDate(time.Now().Add(time.Minute)) }), ErrInvalidToken},
		{"user's, signed with the customers' key", signed(t, jwt.SigningMethodHS256, customersKey, goodClaims()), ErrInvalidToken},
		{"customer's, signed with the users' key", changed(func(c *claims) { c.Audience[0] = customerAudience }), ErrInvalidToken},
		{"another audience", changed(func(c *claims) { c.Audience[0] = "crm" }), ErrInvalidToken},
		{"no audience", changed(func(c *claims) { c.Audience = nil }), ErrInvalidToken},
		{"both audiences", changed(func(c *claims) { c.Audience = append(c.Audience, customerAudience) }), ErrInvalidToken},
		{"alg none", signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, goodClaims()), ErrInvalidToken},
		{"alg none with the signature kept", none + "." + parts[1] + "." + parts[2], ErrInvalidToken},
		{"HS384", signed(t, jwt.SigningMethodHS384, usersKey, goodClaims()), ErrInvalidToken},
		{"HS512", signed(t, jwt.SigningMethodHS512, usersKey, goodClaims()), ErrInvalidToken},
		{"another key", signed(t, jwt.SigningMethodHS256, []byte("a guess"), goodClaims()), ErrInvalidToken},
		{"expired and forged", signed(t, jwt.SigningMethodHS256, []byte("a guess"),
			claims{RegisteredClaims: jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(time.Unix(1, 0))}}), ErrInvalidToken},
		{"claims of another token", parts[0] + "." + strings.Split(changed(func(c *claims) { c.Subject = "01" }), ".")[1] +
			"." + parts[2], ErrInvalidToken},
		{"subject too short", changed(func(c *claims) { c.Subject = "0102" }), ErrInvalidToken},
		{"subject too long", changed(func(c *claims) { c.Subject += "00" }), ErrInvalidToken},
		{"subject not hexadecimal", changed(func(c *claims) { c.Subject = strings.Repeat("x", 24) }), ErrInvalidToken},
		{"without a session", changed(func(c *claims) { c.Session = "" }), ErrInvalidToken},
		{"without a signature", parts[0] + "." + parts[1] + ".", ErrInvalidToken},
		{"two parts", parts[0] + "." + parts[1], ErrInvalidToken},
		{"garbage", "garbage", ErrInvalidToken},
		{"empty", "", ErrInvalidToken},
		{"a refresh token", "0102030405060708090a0b0c.c2VjcmV0", ErrInvalidToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := newTokens(t, Keys{usersKey}, Keys{customersKey}).Verify(test.token)
			// Not errors.Is: the error must not reveal why a token is bad, except that it has expired.
			if err != test.want { //nolint:errorlint // see above
				t.Fatalf("the error is %v, want %v", err, test.want)
			}
			if err != nil && got.LoggedIn() {
				t.Errorf("a refused token returns %+v", got)
			}
		})
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, Keys{usersKey}, Keys{customersKey})
	now := time.Now()
	tokens.now = func() time.Time { return now }
	token, expires, err := tokens.Issue(someUser)
	if err != nil {
		t.Fatal(err)
	}
	now = expires.Add(-time.Second)
	if _, err := tokens.Verify(token); err != nil {
		t.Errorf("a second before its expiry: %v", err)
	}
	now = expires.Add(time.Second)
	if _, err := tokens.Verify(token); !errors.Is(err, ErrExpiredToken) || !errors.Is(err, ErrInvalidToken) {
		t.Errorf("a second after its expiry: %v", err)
	}
}

func TestKeysCanBeReplaced(t *testing.T) {
	t.Parallel()
	issue := func(list string) string {
		token, _, err := newTokens(t, ParseKeys(list), Keys{customersKey}).Issue(someUser)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, test := range []struct {
		name, signs, verifies string
		good                  bool
	}{
		{"the new one is added in front", "old", "new,old", true},
		{"the first one signs", "new, old", "new", true},
		{"only the first one signs", "new, old", "old", false},
		{"the old one is removed", "old", "new", false},
		{"spaces and empty ones don't count", "  key  ,, ", "key", true},
	} {
		_, err := newTokens(t, ParseKeys(test.verifies), Keys{customersKey}).Verify(issue(test.signs))
		if (err == nil) != test.good {
			t.Errorf("%s: signed with %q, verified with %q: %v", test.name, test.signs, test.verifies, err)
		}
	}
	for _, keys := range [][2]Keys{{nil, {customersKey}}, {{usersKey}, nil}, {ParseKeys(" , "), {customersKey}}} {
		if _, err := NewTokens(keys[0], keys[1]); err == nil {
			t.Errorf("tokens can be issued with the keys %q", keys)
		}
	}
}
