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

// goodClaims are those of a token that is good for someUser, for tests to spoil.
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

func TestTokenTellsWhoseItIs(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, Keys{usersKey}, Keys{customersKey})
	for name, viewer := range map[string]Viewer{"user": someUser, "customer": someCustomer} {
		token, expires, err := tokens.Issue(viewer)
		if err != nil {
			t.Fatal(err)
		}
		viewer.Expires = expires
		if got, err := tokens.Verify(token); err != nil || got != viewer {
			t.Errorf("a %s's token is of %+v, %v, want %+v", name, got, err, viewer)
		}
		if life := time.Until(expires); life <= 0 || life > AccessTokenLife {
			t.Errorf("a %s's token lives for %v", name, life)
		}
	}
	// The role is the store's to know: a token doesn't make anybody an admin.
	token, expires, err := tokens.Issue(Viewer{Role: Admin, Account: someUser.Account, Session: someUser.Session})
	if err != nil {
		t.Fatal(err)
	}
	staff := someUser
	staff.Expires = expires
	if got, err := tokens.Verify(token); err != nil || got != staff {
		t.Errorf("an admin's token is of %+v, %v, want only that it is staff", got, err)
	}
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	good := signed(t, jwt.SigningMethodHS256, usersKey, goodClaims())
	spoiled := func(spoil func(c *claims)) string {
		c := goodClaims()
		spoil(&c)
		return signed(t, jwt.SigningMethodHS256, usersKey, c)
	}
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	for _, test := range []struct {
		name, token string
		want        error
	}{
		{"good", good, nil},
		{"expired", spoiled(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Second)) }), ErrExpiredToken},
		{"without an end", spoiled(func(c *claims) { c.ExpiresAt = nil }), ErrInvalidToken},
		{"not yet good", spoiled(func(c *claims) { c.NotBefore = jwt.NewNumericDate(time.Now().Add(time.Minute)) }), ErrInvalidToken},
		{"user's, signed with the customers' key", signed(t, jwt.SigningMethodHS256, customersKey, goodClaims()), ErrInvalidToken},
		{"customer's, signed with the users' key", spoiled(func(c *claims) { c.Audience[0] = customerAudience }), ErrInvalidToken},
		{"of another audience", spoiled(func(c *claims) { c.Audience[0] = "crm" }), ErrInvalidToken},
		{"of no audience", spoiled(func(c *claims) { c.Audience = nil }), ErrInvalidToken},
		{"of both audiences", spoiled(func(c *claims) { c.Audience = append(c.Audience, customerAudience) }), ErrInvalidToken},
		{"alg none", signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, goodClaims()), ErrInvalidToken},
		{"alg none with the signature kept", none + "." + parts[1] + "." + parts[2], ErrInvalidToken},
		{"HS384", signed(t, jwt.SigningMethodHS384, usersKey, goodClaims()), ErrInvalidToken},
		{"HS512", signed(t, jwt.SigningMethodHS512, usersKey, goodClaims()), ErrInvalidToken},
		{"another key", signed(t, jwt.SigningMethodHS256, []byte("a guess"), goodClaims()), ErrInvalidToken},
		{"expired and forged", signed(t, jwt.SigningMethodHS256, []byte("a guess"),
			claims{RegisteredClaims: jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(time.Unix(1, 0))}}), ErrInvalidToken},
		{"claims of another token", parts[0] + "." + strings.Split(spoiled(func(c *claims) { c.Subject = "01" }), ".")[1] +
			"." + parts[2], ErrInvalidToken},
		{"subject too short", spoiled(func(c *claims) { c.Subject = "0102" }), ErrInvalidToken},
		{"subject too long", spoiled(func(c *claims) { c.Subject += "00" }), ErrInvalidToken},
		{"subject not hexadecimal", spoiled(func(c *claims) { c.Subject = strings.Repeat("x", 24) }), ErrInvalidToken},
		{"without a session", spoiled(func(c *claims) { c.Session = "" }), ErrInvalidToken},
		{"without a signature", parts[0] + "." + parts[1] + ".", ErrInvalidToken},
		{"two parts", parts[0] + "." + parts[1], ErrInvalidToken},
		{"garbage", "garbage", ErrInvalidToken},
		{"empty", "", ErrInvalidToken},
		{"a refresh token", "0102030405060708090a0b0c.c2VjcmV0", ErrInvalidToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := newTokens(t, Keys{usersKey}, Keys{customersKey}).Verify(test.token)
			// Not errors.Is: which kind of bad token it is must not show, but that it has expired must.
			if err != test.want { //nolint:errorlint // see above
				t.Fatalf("the error is %v, want %v", err, test.want)
			}
			if err != nil && got.LoggedIn() {
				t.Errorf("a token that is refused still says %+v", got)
			}
		})
	}
}

func TestTokenExpiresWhenItSaysSo(t *testing.T) {
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
		t.Errorf("a second before its end: %v", err)
	}
	now = expires.Add(time.Second)
	if _, err := tokens.Verify(token); !errors.Is(err, ErrExpiredToken) || !errors.Is(err, ErrInvalidToken) {
		t.Errorf("a second after its end: %v", err)
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
		{"the old one is taken away", "old", "new", false},
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
