package auth

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"crm/config"
)

// AccessTokenLife is how long an access token is valid.
const AccessTokenLife = 15 * time.Minute

// The audiences of the two kinds of access tokens.
const (
	userAudience     = "crm-user"
	customerAudience = "crm-customer"
)

// ErrInvalidToken is returned for every invalid access token. It doesn't say why, because that would help to forge tokens.
// ErrExpiredToken is distinct, because the owner needs to know. ErrInvalidKey is returned for every API key that can't be used.
var (
	ErrInvalidToken = errors.New("the access token is not valid")
	ErrInvalidKey   = fmt.Errorf("%w: it is no API key, or has been revoked, has expired, or may not be used from this network", ErrInvalidToken)
	ErrExpiredToken = fmt.Errorf("%w: it has expired", ErrInvalidToken)
)

// Keys are the secrets of one kind of token: the first signs, all verify. A key can thus be replaced while tokens signed
// with the old one are still in use.
type Keys [][]byte

// ParseKeys reads a comma-separated list of keys.
func ParseKeys(list string) Keys {
	var keys Keys
	for _, key := range config.List(list) {
		keys = append(keys, []byte(key))
	}
	return keys
}

// text returns the list that ParseKeys reads.
func (k Keys) text() string { return string(bytes.Join(k, []byte(","))) }

// Tokens issues and verifies access tokens. Tokens of users and of customers have different keys and audiences.
type Tokens struct {
	user, customer Keys
	now            func() time.Time
	verified       *verified
}

// NewTokens returns an issuer for these keys; each list must have at least one.
func NewTokens(user, customer Keys) (*Tokens, error) {
	if len(user) == 0 || len(customer) == 0 {
		return nil, errors.New("cannot issue tokens without a key")
	}
	return &Tokens{user: user, customer: customer, now: time.Now, verified: newVerified()}, nil
}

type claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid"`
}

// Issue returns an access token for a viewer, and its expiry.
func (t *Tokens) Issue(viewer Viewer) (token string, expires time.Time, err error) {
	audience, keys := customerAudience, t.customer
	if viewer.Role.IsStaff() {
		audience, keys = userAudience, t.user
	}
	now := t.now().UTC().Truncate(time.Second)
	expires = now.Add(AccessTokenLife)
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: hex.EncodeToString(viewer.Account[:]), Audience: jwt.ClaimStrings{audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Session: hex.EncodeToString(viewer.Session[:]),
	}).SignedString(keys[0])
	if err != nil {
		return "", time.Time{}, fmt.Errorf("cannot sign token: %w", err)
	}
	return token, expires, nil
}

// Verify returns the viewer to whom an access token was issued, with its expiry. The Role says only whether the viewer is
// staff: only the store knows whether the session is still active, and the account's current role.
func (t *Tokens) Verify(token string) (Viewer, error) {
	if viewer, ok := t.verified.get(token, t.now()); ok {
		return viewer, nil
	}
	var found claims
	_, err := jwt.ParseWithClaims(token, &found, t.keysFor,
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(t.now))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Viewer{}, ErrExpiredToken
	}
	if err != nil {
		return Viewer{}, ErrInvalidToken
	}
	viewer := Viewer{Role: Customer, Expires: found.ExpiresAt.UTC()}
	if found.Audience[0] == userAudience {
		viewer.Role = User
	}
	if !decodeID(&viewer.Account, found.Subject) || !decodeID(&viewer.Session, found.Session) {
		return Viewer{}, ErrInvalidToken
	}
	t.verified.put(token, verifiedToken{viewer: viewer, expires: found.ExpiresAt.Time})
	return viewer, nil
}

// keysFor returns the keys for the audience of a token.
func (t *Tokens) keysFor(token *jwt.Token) (any, error) {
	audience := token.Claims.(*claims).Audience
	if len(audience) != 1 {
		return nil, errors.New("a token must have one audience")
	}
	var keys Keys
	switch audience[0] {
	case userAudience:
		keys = t.user
	case customerAudience:
		keys = t.customer
	default:
		return nil, fmt.Errorf("%q is not an audience", audience[0])
	}
	set := jwt.VerificationKeySet{}
	for _, key := range keys {
		set.Keys = append(set.Keys, key)
	}
	return set, nil
}

func decodeID(id *ID, text string) bool {
	n, err := hex.Decode(id[:], []byte(text[:min(len(text), 2*len(id))]))
	return err == nil && n == len(id) && len(text) == 2*len(id)
}
