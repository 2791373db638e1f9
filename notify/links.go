package notify

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Links builds the addresses of records in the front end. The zero value builds none.
type Links struct {
	// base has no slash at its end.
	base, path string
}

// DefaultLinkPath is the path of a record in a front end, below its address.
const DefaultLinkPath = "/{type}s/{id}"

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
	if text == "" {
		return DefaultLinkPath, nil
	}
	for _, found := range placeholder.FindAllString(text, -1) {
		if found != "{type}" && found != "{id}" {
			return "", errors.New("must not contain other braces than {type} and {id}")
		}
	}
	if text[0] != '/' || !strings.Contains(text, "{id}") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("must begin with / and contain {id}, such as %s or /#/{type}/{id}", DefaultLinkPath)
	}
	return text, nil
}

// NewLinks returns the Links for what ParsePublicURL and ParseLinkPath returned.
func NewLinks(publicURL, path string) Links { return Links{publicURL, path} }

// to returns the address of a record, empty if there is no front end.
func (l Links) to(kind, id string) string {
	if l.base == "" {
		return ""
	}
	return l.base + strings.NewReplacer("{type}", kind, "{id}", id).Replace(l.path)
}
