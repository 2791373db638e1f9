package message

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Authenticity says whether the address in From is known to be that of who sent the mail.
type Authenticity int

// What is known about it: nothing, that it is forged or can't be proved, and that it is right.
const (
	Unknown Authenticity = iota
	Refuted
	Proved
)

// Authenticity reads what the receiving host has found out about the sender (RFC 8601). Only the results of the host with that id
// count, since anybody can write such a field: the host removes those that claim to be its own. Fields that a former host has
// added are below the next Received. An empty id trusts nobody.
func (m *Message) Authenticity(authserv string) Authenticity {
	found := map[string]result{}
	for _, r := range m.header.results(authserv) {
		if _, known := found[r.method]; !known || r.method == "dkim" && r.value == pass {
			found[r.method] = r
		}
	}
	domain := domainOf(m.From.Email)
	if domain == "" || len(found) == 0 {
		return Unknown
	}
	dmarc, known := found["dmarc"]
	switch {
	case known && dmarc.value == pass && (dmarc.domain("header.from") == "" || dmarc.domain("header.from") == domain):
		return Proved
	case known && dmarc.value == "fail":
		return Refuted
	}
	dkim, spf := found["dkim"], found["spf"]
	switch {
	case dkim.value == pass && aligned(domain, dkim.domain("header.d", "header.i")),
		spf.value == pass && aligned(domain, spf.domain("smtp.mailfrom")):
		return Proved
	case dkim.value == "fail", spf.value == "fail", spf.value == "softfail", spf.value == "hardfail":
		return Refuted
	}
	return Unknown
}

const pass = "pass"

// result is what a host has found out by one method.
type result struct {
	method, value string
	properties    map[string]string
}

// domain returns the domain of the first of these properties that it has.
func (r result) domain(names ...string) string {
	for _, name := range names {
		if value := r.properties[name]; value != "" {
			return domainOf("@" + value)
		}
	}
	return ""
}

// results returns the results in the topmost fields of a host.
func (h header) results(authserv string) []result {
	var all []result
	begun := false
	for _, f := range h {
		if f.name == "received" && begun {
			break
		}
		if f.name != "authentication-results" {
			continue
		}
		parts := strings.Split(withoutComments(f.value), ";")
		if id := firstWord(parts[0]); authserv == "" || !strings.EqualFold(id, authserv) {
			continue
		}
		begun = true
		for _, part := range parts[1:] {
			if r, ok := parseResult(part); ok {
				all = append(all, r)
			}
		}
	}
	return all
}

// parseResult reads "dkim=pass header.d=example.com".
func parseResult(text string) (r result, ok bool) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return r, false
	}
	r.method, r.value, ok = strings.Cut(words[0], "=")
	r.method, _, _ = strings.Cut(r.method, "/") // its version
	r.properties = map[string]string{}
	for _, word := range words[1:] {
		if name, value, found := strings.Cut(word, "="); found {
			r.properties[name] = value
		}
	}
	return r, ok
}

// withoutComments returns a field without its comments and quoted texts, which may contain what a stranger chooses.
func withoutComments(value string) string {
	var out strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range value {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case quoted:
			quoted = r != '"'
		case r == '"' && depth == 0:
			quoted = true
		case r == '(':
			depth++
		case r == ')':
			depth = max(0, depth-1)
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func domainOf(email string) string {
	return strings.ToLower(strings.Trim(email[strings.LastIndexByte(email, '@')+1:], "<>. "))
}

// aligned reports whether two domains belong to the same organization.
func aligned(a, b string) bool {
	if a == b {
		return true
	}
	first, errFirst := publicsuffix.EffectiveTLDPlusOne(a)
	second, errSecond := publicsuffix.EffectiveTLDPlusOne(b)
	return errFirst == nil && errSecond == nil && first == second
}
