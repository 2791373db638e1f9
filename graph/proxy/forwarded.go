package proxy

import (
	"net/netip"
	"strings"
)

// hop returns the address in an element of X-Forwarded-For or in a "for" of Forwarded: perhaps in quotes, in brackets, and
// with a port. It returns false for anything else, such as "unknown" or a made-up name.
func hop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		if text, ok = strings.CutSuffix(quoted, `"`); !ok {
			return netip.Addr{}, false
		}
		text = strings.ReplaceAll(text, `\`, "")
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		host, port, closed := strings.Cut(inner, "]")
		if !closed || port != "" && port[0] != ':' {
			return netip.Addr{}, false
		}
		text = host
	} else if host, _, found := strings.Cut(text, ":"); found && strings.Count(text, ":") == 1 {
		text = host
	}
	address, err := netip.ParseAddr(text)
	return address.WithZone("").Unmap(), err == nil
}

// forwardedFor returns the "for" of each element of the headers Forwarded (RFC 7239), empty if an element has none.
func forwardedFor(headers []string) []string {
	var hops []string
	for _, header := range headers {
		for _, element := range splitUnquoted(header, ',') {
			client := ""
			for _, pair := range splitUnquoted(element, ';') {
				if name, value, found := strings.Cut(pair, "="); found && strings.EqualFold(strings.TrimSpace(name), "for") {
					client = value
				}
			}
			hops = append(hops, client)
		}
	}
	return hops
}

// splitUnquoted splits a text at separators that aren't in double quotes.
func splitUnquoted(text string, separator byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++ // the next one is escaped
		case c == '"':
			quoted = !quoted
		case c == separator && !quoted:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}
