package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"crm/db/store"
)

// Provider is an OpenID Connect provider.
type Provider struct {
	// Name is what the API calls it, and Label what people read on its button.
	Name, Label string
	// Staff and Customers say who logs in with it, and Create that it creates the accounts of those who have none.
	Staff, Customers, Create bool

	issuer, clientID, clientSecret string
	roleClaim                      string
	adminValues, userValues        []string
	scopes                         []string
	// redirect is the page that it sends people back to.
	redirect string
	// variables is how the names of its variables begin.
	variables string

	discovering singleflight.Group
	mutex       sync.Mutex
	known       *endpoints
	failure     error
	failedAt    time.Time
}

// Providers are the providers that people can log in with.
type Providers []*Provider

// Find returns the provider with that name; ok is false if there is none.
func (list Providers) Find(name string) (_ *Provider, ok bool) {
	i := slices.IndexFunc(list, func(p *Provider) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return list[i], true
}

// Issuer returns what the provider calls itself.
func (p *Provider) Issuer() string { return p.issuer }

// Serves reports whether users, or customers, log in with it.
func (p *Provider) Serves(staff bool) bool {
	if staff {
		return p.Staff
	}
	return p.Customers
}

const (
	// answerTimeout is how long an answer of a provider may take, and maxAnswer how long it may be in bytes.
	answerTimeout = 10 * time.Second
	maxAnswer     = 1 << 20
	// retryAfter is how long a provider that couldn't be reached is left alone, so that log-ins by many don't become requests to it.
	retryAfter = 3 * time.Second
)

// endpoints is what a provider says about itself.
type endpoints struct {
	oauth    oauth2.Config
	verifier *goidc.IDTokenVerifier
	// namesItself says that the provider names itself when it sends people back (RFC 9207).
	namesItself bool
}

// metadata is what isn't exposed by go-oidc.
type metadata struct {
	Keys        string   `json:"jwks_uri"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
}

// endpoints returns what the provider says about itself. It is asked when that is first needed, so that the server starts without it, and
// by one request at a time.
func (p *Provider) endpoints(ctx context.Context) (*endpoints, error) {
	p.mutex.Lock()
	known, failure := p.known, p.failure
	if time.Since(p.failedAt) >= retryAfter {
		failure = nil
	}
	p.mutex.Unlock()
	if known != nil {
		return known, nil
	}
	if failure != nil {
		return nil, failure
	}
	// The request that asked first may end while others still wait for the result.
	asked := p.discovering.DoChan("", func() (any, error) { return p.discover(context.WithoutCancel(ctx)) })
	select {
	case done := <-asked:
		if done.Err != nil {
			return nil, done.Err
		}
		return done.Val.(*endpoints), nil
	case <-ctx.Done():
		return nil, p.unreachable(ctx.Err())
	}
}

func (p *Provider) discover(ctx context.Context) (*endpoints, error) {
	found, err := p.readMetadata(ctx)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if err != nil {
		p.failure, p.failedAt = p.unreachable(err), time.Now()
		return nil, p.failure
	}
	p.known = found
	return found, nil
}

func (p *Provider) readMetadata(ctx context.Context) (*endpoints, error) {
	provider, err := goidc.NewProvider(goidc.ClientContext(ctx, newClient()), p.issuer)
	if err != nil {
		return nil, fmt.Errorf("cannot read the provider's metadata: %w", err)
	}
	var more metadata
	if err := provider.Claims(&more); err != nil {
		return nil, fmt.Errorf("cannot read the provider's metadata: %w", err)
	}
	endpoint := provider.Endpoint()
	for _, text := range []string{endpoint.AuthURL, endpoint.TokenURL, more.Keys} {
		address, err := url.Parse(text)
		if err != nil || address.Host == "" || !isProtected(address) {
			return nil, errors.New("an address in the provider's metadata is missing, or isn't protected by https")
		}
	}
	// The style must not be found out by trying, because a code can be tried once.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	isPost := len(more.AuthMethods) > 0 && !slices.Contains(more.AuthMethods, "client_secret_basic")
	if p.clientSecret == "" || isPost {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &endpoints{
		oauth: oauth2.Config{
			ClientID: p.clientID, ClientSecret: p.clientSecret, Endpoint: endpoint, RedirectURL: p.redirect, Scopes: p.scopes,
		},
		// It accepts the algorithms with public keys that the provider names, RS256 if it names none: neither "none" nor HS256.
		verifier:    provider.Verifier(&goidc.Config{ClientID: p.clientID}),
		namesItself: more.NamesItself,
	}, nil
}

// unreachable is the error of a provider that doesn't answer as it should. Its cause is for the log.
func (p *Provider) unreachable(cause error) error {
	return &store.Error{
		Code: store.Unavailable, Message: fmt.Sprintf("%s can't be reached at the moment; try again", p.Label), RetryAfter: retryAfter, Err: cause,
	}
}

// newClient returns a client for requests to a provider. It follows no redirects, which could lead a code or a secret elsewhere.
func newClient() *http.Client {
	return &http.Client{
		Timeout: answerTimeout, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts off answers that are too long.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxAnswer), response.Body}
	return response, nil
}
