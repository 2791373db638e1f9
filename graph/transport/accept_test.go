package transport

import (
	"strings"
	"testing"
)

func TestNegotiateEncoding(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]contentEncoding{
		"":                             notEncoded,
		"gzip":                         encodedGzip,
		"gzip, deflate, br, zstd":      encodedZstd,
		"zstd;q=0.5, gzip":             encodedGzip,
		"GZIP;Q=0.8":                   encodedGzip,
		"gzip;q=0":                     notEncoded,
		"gzip ; q=0.0, zstd; q=0.001":  encodedZstd,
		"gzip;q=x":                     notEncoded,
		"gzip;level=1;q=0":             notEncoded,
		"*":                            encodedGzip,
		"*;q=0":                        notEncoded,
		"gzip;q=0, *":                  notEncoded,
		"identity, gzip;q=0.5":         notEncoded,
		"identity;q=0.5, gzip;q=0.5":   encodedGzip,
		"br, deflate":                  notEncoded,
		",;,=;q":                       notEncoded,
		strings.Repeat("gzip,", 1_000): encodedGzip,
	} {
		if got := negotiateEncoding([]string{accept}); got != want {
			t.Errorf("%.50q gets %q, want %q", accept, got, want)
		}
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []string
		want   bool
	}{
		{nil, false},
		{[]string{"text/html,application/xhtml+xml,*/*;q=0.8"}, true},
		{[]string{"application/json", "Text/HTML ; q=0.1"}, true},
		{[]string{"text/html;q=0"}, false},
		{[]string{"*/*"}, false},
		{[]string{"text/htmlx"}, false},
	} {
		if got := Accepts(test.values, "text/html"); got != test.want {
			t.Errorf("%q: got %t", test.values, got)
		}
	}
}
