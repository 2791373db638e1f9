package graph

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"crm/db"
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
		"*":                            encodedGzip,
		"*;q=0":                        notEncoded,
		"gzip;q=0, *":                  notEncoded,
		"identity, gzip;q=0.5":         notEncoded,
		"identity;q=0.5, gzip;q=0.5":   encodedGzip,
		"br, deflate":                  notEncoded,
		",;,=;q":                       notEncoded,
		strings.Repeat("gzip,", 1_000): encodedGzip,
	} {
		header := http.Header{}
		if accept != "" {
			header.Set("Accept-Encoding", accept)
		}
		if got := negotiateEncoding(header); got != want {
			t.Errorf("%.50q gets %q, want %q", accept, got, want)
		}
	}
}

// decoded returns the body as it was before it was compressed.
func decoded(t *testing.T, encoding string, body io.Reader) []byte {
	t.Helper()
	var reader io.Reader
	var err error
	switch contentEncoding(encoding) {
	case encodedGzip:
		reader, err = gzip.NewReader(body)
	case encodedZstd:
		reader, err = zstd.NewReader(body)
	default:
		reader = body
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestCompression(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("Rahul ", 200)
	server := newTestServer(t, HandlerConfig{Resolvers: stubResolvers{
		customer: func(context.Context, CustomerBy) (*db.Customer, error) { return &db.Customer{Name: name}, nil },
		createInteraction: func(context.Context, CreateInteractionInput) (*CreateInteractionPayload, error) {
			return &CreateInteractionPayload{Interaction: &db.Interaction{Title: name}}, nil
		},
	}})
	const long, short = "{customer(by:{id:1}){name}}", "{__typename}"
	const mutation = `mutation{createInteraction(input:{customerId:"c",title:"t",startTime:"2026-01-02T03:04:05Z"}){interaction{title}}}`
	for name, test := range map[string]struct {
		query, accept string
		want          contentEncoding
	}{
		"gzip":             {long, "gzip", encodedGzip},
		"zstd":             {long, "gzip, zstd", encodedZstd},
		"not asked for":    {long, "identity", notEncoded},
		"not known":        {long, "br", notEncoded},
		"a short answer":   {short, "gzip", notEncoded},
		"a refusal":        {"{" + strings.Repeat("unknown ", 40) + "}", "gzip", notEncoded},
		"a mutation, gzip": {mutation, "gzip", notEncoded},
		"a mutation, zstd": {mutation, "zstd", notEncoded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := server.query(test.query, "As: USER", "Accept-Encoding: identity")
			request, err := http.NewRequestWithContext(
				t.Context(), http.MethodPost, server.server.URL, strings.NewReader(requestBody(t, test.query, nil)),
			)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", mediaJSON)
			request.Header.Set("Accept-Encoding", test.accept)
			request.Header.Set("As", "USER")
			response, err := server.server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			if got := response.Header.Get("Content-Encoding"); got != string(test.want) {
				t.Errorf("it is encoded as %q", got)
			}
			varies := strings.Contains(strings.Join(response.Header.Values("Vary"), ","), "Accept-Encoding")
			if isRefusal := strings.Contains(test.query, "unknown"); varies == isRefusal {
				t.Errorf("Vary is %q", response.Header.Values("Vary"))
			}
			content := decoded(t, response.Header.Get("Content-Encoding"), response.Body)
			if string(content) != plain.body {
				t.Errorf("got %.100q, want %.100q", content, plain.body)
			}
		})
	}
}

// The pooled encoders serve many answers at a time.
func TestCompressorIsShared(t *testing.T) {
	t.Parallel()
	shared := newCompressor()
	for i := range 50 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for n := range 40 {
				body := bytes.Repeat([]byte(fmt.Sprint("answer ", i, n)), 1+n*n*10)
				for _, encoding := range []contentEncoding{encodedGzip, encodedZstd} {
					shared.compress(encoding, body, func(compressed []byte) {
						if got := decoded(t, string(encoding), bytes.NewReader(compressed)); !bytes.Equal(got, body) {
							t.Errorf("%s of %d bytes got lost", encoding, len(body))
						}
					})
				}
			}
		})
	}
}

func BenchmarkCompression(b *testing.B) {
	shared := newCompressor()
	for _, size := range []int{1 << 10, 10 << 10, 100 << 10, 300 << 10} {
		body := []byte(numbered(size/90, `{"id":"cus_%024d","name":"Rahul","title":"Renewal of the contract","status":"OPEN"},`))
		for _, encoding := range []contentEncoding{notEncoded, encodedGzip, encodedZstd} {
			b.Run(fmt.Sprintf("%s/%d", encoding, len(body)), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					shared.compress(encoding, body, func([]byte) {})
				}
			})
		}
	}
}
