// Package playground serves GraphiQL without using other hosts.
package playground

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"crm/graph/transport"
)

//go:embed *.html *.css *.js *.gz *.graphql
var files embed.FS

// Path is the path below which Handler serves its scripts and styles.
const Path = "/playground/"

// policy lets the page load from and connect to this server only, including by WebSocket. The nonce is for the style
// element that GraphiQL's menus insert while they are open; the page itself contains no styles or scripts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; img-src 'self' data:; " +
	"font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler returns a handler that serves GraphiQL for the API at base + "/graphql": its scripts and styles below Path, and the
// page at any other path. The page refers to all of them with base before their path, which the requests needn't have.
func Handler(base string) http.Handler {
	index := newPage(base)
	assets := sync.OnceValue(newAssets) // most servers never serve them
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		name, isAsset := strings.CutPrefix(r.URL.Path, Path)
		if !isAsset {
			index.serve(w)
			return
		}
		asset := assets()[name]
		if asset == nil {
			http.NotFound(w, r)
			return
		}
		asset.serve(w, r)
	})
}

// IsBrowser reports whether a browser sends the request to open a page. It then gets the playground from the GraphQL
// endpoint.
func IsBrowser(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !r.URL.Query().Has("query") &&
		transport.Accepts(r.Header["Accept"], "text/html")
}

// page is the HTML page that contains GraphiQL.
type page struct {
	template *template.Template
	base     string
	// tabs are the queries that GraphiQL opens with.
	tabs []string
}

func newPage(base string) *page {
	return &page{
		template: template.Must(template.ParseFS(files, "index.html")), base: base,
		tabs: []string{string(readFile("start.graphql")), string(readFile("nested.graphql"))},
	}
}

func (p *page) serve(w http.ResponseWriter) {
	nonce := rand.Text()
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", fmt.Sprintf(policy, nonce))
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Accept")
	_ = p.template.Execute(w, map[string]any{"Base": p.base, "Tabs": p.tabs, "Nonce": nonce})
}

// file is a script or style, stored either plain or compressed.
type file struct {
	contentType string
	tag         string
	plain, gzip []byte
}

func newFile(name string, plain, gzip []byte) *file {
	sum := sha256.Sum256(bytes.Join([][]byte{plain, gzip}, nil))
	served := &file{tag: hex.EncodeToString(sum[:8]), plain: plain, gzip: gzip}
	switch path.Ext(name) {
	case ".css":
		served.contentType = "text/css; charset=utf-8"
	case ".js":
		served.contentType = "text/javascript; charset=utf-8"
	}
	return served
}

func newAssets() map[string]*file {
	assets := map[string]*file{}
	for _, name := range []string{"playground.js", "playground.css"} {
		assets[name] = newFile(name, readFile(name), nil)
	}
	for _, name := range []string{
		"graphiql-4.1.2.min.js", "graphiql-4.1.2.min.css",
		"react-18.2.0.production.min.js", "react-dom-18.2.0.production.min.js",
	} {
		assets[name] = newFile(name, nil, readFile(name+".gz"))
	}
	return assets
}

// readFile reads an embedded file, which can't be missing.
func readFile(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Errorf("cannot read the playground: %w", err))
	}
	return content
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	content, tag := f.plain, f.tag
	if f.gzip != nil {
		w.Header().Add("Vary", "Accept-Encoding")
		if transport.Accepts(r.Header["Accept-Encoding"], "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			content, tag = f.gzip, tag+"-gzip"
		} else {
			content = decompress(f.gzip)
		}
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// decompress unpacks an embedded file for the rare client that doesn't accept gzip.
func decompress(compressed []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		panic(fmt.Errorf("cannot decompress the playground: %w", err))
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		panic(fmt.Errorf("cannot decompress the playground: %w", err))
	}
	return content
}
