// Package oidctest has an OpenID Connect provider for tests, which signs with real keys and accepts each code once.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"crm/auth/oidc"
	"crm/config"
)

// The client that the provider knows.
const (
	ClientID     = "crm"
	ClientSecret = "a secret of the client"
)

// Claims are what an ID token says.
type Claims map[string]any

// Server is a provider. Its zero fields are those of an honest one.
type Server struct {
	URL string
	// Method signs the tokens, with the provider's key unless there is another Key.
	Method jwt.SigningMethod
	Key    any
	// NamesItself makes the provider send its name with each code (RFC 9207).
	NamesItself bool

	key    *rsa.PrivateKey
	mutex  sync.Mutex
	logIns map[string]logIn
	fail   bool
}

// logIn is what a code stands for.
type logIn struct {
	claims                Claims
	challenge, redirectTo string
}

// Start starts a provider, which ends with the test.
func Start(t *testing.T) *Server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Method: jwt.SigningMethodRS256, key: key, logIns: map[string]logIn{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.metadata)
	mux.HandleFunc("GET /keys", s.keys)
	mux.HandleFunc("POST /token", s.token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.fails() {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Environment returns the variables of a server that logs people in with the provider, which has that prefix in their names.
func (s *Server) Environment(prefix string) []string {
	return []string{prefix + "ISSUER=" + s.URL, prefix + "CLIENT_ID=" + ClientID, prefix + "CLIENT_SECRET=" + ClientSecret}
}

// Providers returns the providers that the variables configure, for a front end at that address.
func Providers(t *testing.T, publicURL string, variables ...string) oidc.Providers {
	t.Helper()
	const none = "testdata/none.env"
	var c oidc.Config
	config.Read(config.Declaration{{Settings: c.NameSettings()}}, variables, none)
	values := config.Read(config.Declaration{{Title: "Single sign-on", Prefix: "OIDC_", Settings: c.Settings()}}, variables, none)
	c.Check(publicURL, values.Wrong)
	if err := values.Err(); err != nil {
		t.Fatal(err)
	}
	return c.Providers()
}

// LogIn logs somebody in at an address of the provider, and returns what it sends them back with. The claims are added to those
// that every token has, or replace them.
func (s *Server) LogIn(t *testing.T, address string, claims Claims) (code, state string) {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	asked := at.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": ClientID, "code_challenge_method": "S256"} {
		if asked.Get(name) != want {
			t.Fatalf("the provider is asked with %s=%q: %s", name, asked.Get(name), address)
		}
	}
	all := Claims{
		"iss": s.URL, "aud": ClientID, "nonce": asked.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	maps.Copy(all, claims)
	code = rand.Text()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.logIns[code] = logIn{claims: all, challenge: asked.Get("code_challenge"), redirectTo: asked.Get("redirect_uri")}
	return code, asked.Get("state")
}

// PrivateKey returns the provider's key.
func (s *Server) PrivateKey() *rsa.PrivateKey { return s.key }

// Fail makes the provider fail, or ends that.
func (s *Server) Fail(fail bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.fail = fail
}

func (s *Server) fails() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.fail
}

func (s *Server) metadata(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		// It names algorithms that must not be accepted, too.
		"id_token_signing_alg_values_supported":          []string{"none", "HS256", "RS256"},
		"authorization_response_iss_parameter_supported": s.NamesItself,
	})
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	answer(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1",
		"n": encode(s.key.N.Bytes()), "e": encode(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
}

// token exchanges a code, once, for the client that proves that it asked for it.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	refuse := func(status int, code string) {
		answer(w, status, map[string]string{"error": code, "error_description": "received " + r.PostFormValue("code")})
	}
	if id, secret, _ := r.BasicAuth(); id != ClientID || secret != url.QueryEscape(ClientSecret) {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	code := r.PostFormValue("code")
	found, ok := s.logIns[code]
	delete(s.logIns, code)
	digest := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(digest[:])
	if !ok || challenge != found.challenge || r.PostFormValue("redirect_uri") != found.redirectTo {
		refuse(http.StatusBadRequest, "invalid_grant")
		return
	}
	signed, err := s.sign(found.claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": signed})
}

func (s *Server) sign(claims Claims) (string, error) {
	token := jwt.NewWithClaims(s.Method, jwt.MapClaims(claims))
	token.Header["kid"] = "1"
	if s.Key != nil {
		return token.SignedString(s.Key)
	}
	return token.SignedString(s.key)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
