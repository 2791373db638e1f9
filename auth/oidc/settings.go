// Package oidc logs people in at OpenID Connect providers: it sends them there, and finds out from the provider's answer who they are. Which
// account that is, package db decides.
package oidc

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"crm/config"
)

// Config configures the providers.
type Config struct {
	// names are those in OIDC_PROVIDERS.
	names []string
	// declared are the providers whose settings are declared.
	declared []*Provider
	path     string
}

const (
	prefix        = "OIDC_"
	namesVariable = prefix + "PROVIDERS"
	pathVariable  = prefix + "REDIRECT_PATH"
	// onlyName is the name of the provider whose variables have no name.
	onlyName = "oidc"
	// maxProviders is more than a log-in page has room for.
	maxProviders = 20
	defaultPath  = "/log-in/{provider}"
	placeholder  = "{provider}"
)

// NameSettings declares the variable with the names of the providers. It has to be read before Settings, whose names follow from it.
func (c *Config) NameSettings() []config.Setting {
	return []config.Setting{{
		Name: namesVariable, Value: config.Parsed(&c.names, "names", parseNames),
		Description: "several providers, comma-separated, such as `corp,google`: the variables of each then begin with `OIDC_CORP_` or `OIDC_GOOGLE_` " +
			"in the place of `OIDC_`; see [Single sign-on](accounts.md#single-sign-on)",
	}}
}

// Settings declares the variables that set the configuration: those of each named provider or, if there are no names, those of one.
func (c *Config) Settings() []config.Setting {
	settings := append(c.NameSettings(), config.Setting{
		Name: pathVariable, Value: config.Parsed(&c.path, "path", parsePath), Default: defaultPath,
		Description: "the path below `PUBLIC_URL` of the page of your front end that providers send people back to; register it with each provider",
	})
	c.declared = nil
	if len(c.names) == 0 {
		c.declared = []*Provider{{Name: onlyName, variables: prefix}}
	}
	for _, name := range c.names {
		c.declared = append(c.declared, &Provider{Name: name, variables: prefix + strings.ToUpper(name) + "_"})
	}
	for _, provider := range c.declared {
		settings = append(settings, provider.settings()...)
	}
	return settings
}

// settings declares the variables of a provider.
func (p *Provider) settings() []config.Setting {
	named := func(suffix string, setting config.Setting) config.Setting {
		setting.Name = p.variables + suffix
		return setting
	}
	values := func(target *[]string) config.Value {
		return config.Parsed(target, "values", func(text string) ([]string, error) { return config.List(text), nil })
	}
	return []config.Setting{
		named("ISSUER", config.Setting{
			Value:       config.Parsed(&p.issuer, "URL", parseIssuer),
			Description: "the OpenID Connect provider that people log in at, exactly as it calls itself, such as `https://accounts.google.com`",
		}),
		named("CLIENT_ID", config.Setting{Value: config.Text(&p.clientID, "id"), Description: "what the provider calls this server"}),
		named("CLIENT_SECRET", config.Setting{
			Value: config.Text(&p.clientSecret, "secret"), Secret: true, Description: "the password of this server at the provider, if it needs one",
		}),
		named("LABEL", config.Setting{
			Value: config.Text(&p.Label, "text"), Otherwise: "the provider's name", Description: "what the button on the log-in page says",
		}),
		named("STAFF", config.Setting{Value: config.Flag(&p.Staff), Default: "true", Description: "users log in with it"}),
		named("CUSTOMERS", config.Setting{Value: config.Flag(&p.Customers), Default: "false", Description: "customers log in with it"}),
		named("CREATE", config.Setting{
			Value: config.Flag(&p.Create), Default: "false",
			Description: "whoever logs in with a verified address and has no account gets one: everybody whom the provider knows",
		}),
		named("ROLE_CLAIM", config.Setting{
			Value:       config.Text(&p.roleClaim, "claim"),
			Description: "the claim that decides which role a user has, at each log-in, such as `groups` or `realm_access.roles`",
		}),
		named("ADMIN_VALUES", config.Setting{
			Value: values(&p.adminValues), Description: "comma-separated values of that claim; a user with any of them is an `ADMIN`",
		}),
		named("USER_VALUES", config.Setting{
			Value: values(&p.userValues), Otherwise: "everybody else", Description: "the same for `USER`; somebody who has neither these nor those of an `ADMIN` can't log in",
		}),
		named("SCOPES", config.Setting{
			Value: config.Parsed(&p.scopes, "scopes", parseScopes), Default: "openid email profile", Description: "what the provider is asked for",
		}),
	}
}

// Check completes the providers, and calls wrong for each variable that is wrong, given the others.
func (c *Config) Check(publicURL string, wrong func(variable string, err error)) {
	for _, p := range c.declared {
		if p.issuer == "" && !p.isBegun() && len(c.names) == 0 {
			continue // there is none
		}
		p.check(func(suffix, problem string) { wrong(p.variables+suffix, errors.New(problem)) })
		if publicURL == "" {
			wrong("PUBLIC_URL", errors.New("must be set for OpenID Connect: providers send people back to it"))
		}
		if p.Label == "" {
			p.Label = strings.ToUpper(p.Name[:1]) + p.Name[1:]
		}
		p.redirect = publicURL + strings.ReplaceAll(c.path, placeholder, p.Name)
	}
}

// isBegun reports whether a provider has settings, although perhaps no issuer.
func (p *Provider) isBegun() bool {
	return p.clientID != "" || p.clientSecret != "" || p.Customers || p.Create || p.roleClaim != ""
}

func (p *Provider) check(wrong func(suffix, problem string)) {
	if p.issuer == "" {
		wrong("ISSUER", "must be set: the address of the provider, such as https://accounts.google.com")
	}
	if p.clientID == "" {
		wrong("CLIENT_ID", "must be set: what the provider calls this server")
	}
	if !p.Staff && !p.Customers {
		wrong("STAFF", "must be true unless customers log in with the provider")
	}
	if p.Create && p.Staff && p.Customers {
		wrong("CREATE", "can't tell users from customers: name two providers in OIDC_PROVIDERS, one with STAFF=false and one with CUSTOMERS=false")
	}
	switch {
	case p.roleClaim == "" && len(p.adminValues) > 0:
		wrong("ADMIN_VALUES", "needs ROLE_CLAIM beside it")
	case p.roleClaim == "" && len(p.userValues) > 0:
		wrong("USER_VALUES", "needs ROLE_CLAIM beside it")
	case p.roleClaim != "" && len(p.adminValues)+len(p.userValues) == 0:
		wrong("ROLE_CLAIM", "needs ADMIN_VALUES or USER_VALUES beside it")
	}
}

// Providers returns the providers that are configured, for after Check.
func (c *Config) Providers() Providers {
	return slices.DeleteFunc(slices.Clone(c.declared), func(p *Provider) bool { return p.issuer == "" })
}

// nameForm has no underscore, so that the variables of two providers are never the same.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,31}$`)

func parseNames(text string) ([]string, error) {
	names := config.List(text)
	for i, name := range names {
		if !nameForm.MatchString(name) || slices.Contains(names[:i], name) {
			return nil, errors.New("must be different names of small letters and digits, such as corp,google")
		}
	}
	if len(names) > maxProviders {
		return nil, fmt.Errorf("must be at most %d names", maxProviders)
	}
	return names, nil
}

// parseIssuer checks the address of a provider, and returns it as it is, because tokens contain it exactly so.
func parseIssuer(text string) (string, error) {
	issuer, err := url.Parse(text)
	if err != nil || issuer.Host == "" || issuer.User != nil || strings.ContainsAny(text, "?# \t\r\n") || !isProtected(issuer) {
		return "", errors.New("must be the provider's https address, such as https://accounts.google.com, without a query or a fragment")
	}
	return text, nil
}

// isProtected reports whether nobody on the way can read or change what is sent to an address: by TLS, or since it stays on this machine.
func isProtected(address *url.URL) bool {
	if address.Scheme == "https" {
		return true
	}
	host := address.Hostname()
	ip, err := netip.ParseAddr(host)
	return address.Scheme == "http" && (host == "localhost" || err == nil && ip.IsLoopback())
}

func parsePath(text string) (string, error) {
	if text[0] != '/' || strings.ContainsAny(strings.ReplaceAll(text, placeholder, ""), "{}#?") ||
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("must begin with / and have neither a query nor a fragment, such as " + defaultPath)
	}
	return text, nil
}

func parseScopes(text string) ([]string, error) {
	scopes := strings.Fields(strings.ReplaceAll(text, ",", " "))
	if !slices.Contains(scopes, "openid") {
		return nil, errors.New("must contain openid")
	}
	return scopes, nil
}
