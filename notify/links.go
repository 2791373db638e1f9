package notify

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Links builds the addresses of records in the front end. The zero value builds none.
type Links struct {
	// base has no slash at its end.
	base, path, accountPath string
}

// The paths in a front end, below its address, if the operator gives no others: of a record, and of a page where the holder of an
// account does what a mailed link is for. The token is in the fragment, which browsers send to no server, so that no log of a
// server or a proxy has it.
const (
	DefaultLinkPath        = "/{type}s/{id}"
	DefaultAccountLinkPath = "/{action}#token={token}"
)

// placeholder matches placeholders for a record's properties, and stray braces.
var placeholder = regexp.MustCompile(`\{[^{}]*\}|[{}]`)

// ParsePublicURL checks the address of a front end, such as https://crm.example.com.
func ParsePublicURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	address, err := url.Parse(text)
	switch {
	case err != nil, address.Scheme != "http" && address.Scheme != "https", address.Hostname() == "", address.User != nil,
		address.RawQuery != "", strings.ContainsAny(text, "?#{} \t\r\n"):
		return "", errors.New("must be the address of the front end, such as https://crm.example.com, without a query or a fragment")
	}
	return strings.TrimRight(text, "/"), nil
}

// ParseLinkPath checks the path of a record in a front end; an empty one is DefaultLinkPath.
func ParseLinkPath(text string) (string, error) {
	return parsePath(cmp.Or(text, DefaultLinkPath), "{id}", "{type}", DefaultLinkPath+" or /#/{type}/{id}")
}

// ParseAccountLinkPath checks the path of a page for mailed links; an empty one is DefaultAccountLinkPath.
func ParseAccountLinkPath(text string) (string, error) {
	return parsePath(cmp.Or(text, DefaultAccountLinkPath), "{token}", "{action}", DefaultAccountLinkPath+" or /#/{action}/{token}")
}

// parsePath checks a path that must contain one placeholder and may contain another.
func parsePath(text, required, optional, examples string) (string, error) {
	for _, found := range placeholder.FindAllString(text, -1) {
		if found != required && found != optional {
			return "", fmt.Errorf("must not contain other braces than %s and %s", optional, required)
		}
	}
	if text[0] != '/' || !strings.Contains(text, required) || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("must begin with / and contain %s, such as %s", required, examples)
	}
	return text, nil
}

// NewLinks returns the Links for what ParsePublicURL, ParseLinkPath and ParseAccountLinkPath returned.
func NewLinks(publicURL, path, accountPath string) Links { return Links{publicURL, path, accountPath} }

// to returns the address of a record, empty if there is no front end.
func (l Links) to(kind, id string) string {
	if l.base == "" {
		return ""
	}
	return l.base + strings.NewReplacer("{type}", kind, "{id}", id).Replace(l.path)
}

// forAction returns the address where a token is used, empty if there is no front end.
func (l Links) forAction(action, token string) string {
	if l.base == "" {
		return ""
	}
	return l.base + strings.NewReplacer("{action}", action, "{token}", token).Replace(l.accountPath)
}
