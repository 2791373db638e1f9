package transport

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// decoded returns the decompressed body.
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
	server := newStreamServer(t, Config{})
	const long, short, mutation = "{long}", "{ping}", "mutation{long}"
	for name, test := range map[string]struct {
		query, accept string
		want          contentEncoding
	}{
		"gzip":             {long, "gzip", encodedGzip},
		"zstd":             {long, "gzip, zstd", encodedZstd},
		"not requested":    {long, "identity", notEncoded},
		"unknown":          {long, "br", notEncoded},
		"a short response": {short, "gzip", notEncoded},
		"a refusal":        {"{" + strings.Repeat("unknown ", 40) + "}", "gzip", notEncoded},
		"a mutation, gzip": {mutation, "gzip", notEncoded},
		"a mutation, zstd": {mutation, "zstd", notEncoded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, _ := server.post(t, test.query, "identity")
			content, header := server.post(t, test.query, test.accept)
			if got := header.Get("Content-Encoding"); got != string(test.want) {
				t.Errorf("the encoding is %q", got)
			}
			varies := strings.Contains(strings.Join(header.Values("Vary"), ","), "Accept-Encoding")
			if isRefusal := strings.Contains(test.query, "unknown"); varies == isRefusal {
				t.Errorf("Vary is %q", header.Values("Vary"))
			}
			if !bytes.Equal(content, plain) {
				t.Errorf("got %.100q, want %.100q", content, plain)
			}
		})
	}
}

// post sends a query, and returns the decompressed response.
func (s *streamServer) post(t *testing.T, query, acceptEncoding string) ([]byte, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, s.web.URL, strings.NewReader(requestBody(t, query)),
	)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", mediaJSON)
	request.Header.Set("Accept-Encoding", acceptEncoding)
	response, err := s.web.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return decoded(t, response.Header.Get("Content-Encoding"), response.Body), response.Header
}

// The pooled encoders serve many responses concurrently.
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
							t.Errorf("%s of %d bytes was corrupted", encoding, len(body))
						}
					})
				}
			}
		})
	}
}

// similarElements returns a list of n similar elements.
func similarElements(n int) []byte {
	var list []byte
	for i := range n {
		list = fmt.Appendf(list, `{"id":"cus_%024d","name":"Rahul","title":"Renewal of the contract","status":"OPEN"},`, i)
	}
	return list
}

func BenchmarkCompression(b *testing.B) {
	shared := newCompressor()
	for _, size := range []int{1 << 10, 10 << 10, 100 << 10, 300 << 10} {
		body := similarElements(size / 90)
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
