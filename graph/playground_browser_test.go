package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"crm/graph/playground"
	"crm/graph/transport"
	"crm/graph/transport/transporttest"
)

// browse opens a tab in Chromium and returns its context. It skips the test if Chromium is not installed.
func browse(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium is installed: the playground was not opened in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WindowSize(1400, 900))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	timeout, cancelTimeout := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancelTimeout)
	allocator, cancelAllocator := chromedp.NewExecAllocator(timeout, options...)
	t.Cleanup(cancelAllocator)
	tab, cancelTab := chromedp.NewContext(allocator)
	t.Cleanup(cancelTab)
	return tab
}

// pageEvents are the requests and the console errors of a page.
type pageEvents struct {
	mutex            sync.Mutex
	requests, errors []string
}

func (e *pageEvents) listen(event any) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		e.requests = append(e.requests, event.Request.URL)
	case *log.EventEntryAdded:
		e.errors = append(e.errors, event.Entry.Text)
	case *runtime.EventExceptionThrown:
		e.errors = append(e.errors, event.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if event.Type == "error" {
			e.errors = append(e.errors, string(event.Args[0].Value))
		}
	}
}

func (e *pageEvents) consoleErrors() []string {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return slices.Clone(e.errors)
}

func (e *pageEvents) requested() []string {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return slices.Clone(e.requests)
}

// playgroundTab is the playground in a browser's tab.
type playgroundTab struct {
	context context.Context
	events  *pageEvents
}

const (
	run         = `.graphiql-execute-button`
	queryEditor = `document.querySelector(".graphiql-query-editor .CodeMirror")?.CodeMirror`
	resultText  = `document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue()`
)

// do performs the steps of a user.
func (p playgroundTab) do(t *testing.T, name string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p.context, steps...); err != nil {
		t.Fatalf("cannot %s: %v; the console has the errors %q", name, err, p.events.consoleErrors())
	}
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

// until waits for a JavaScript condition.
func until(condition string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void](condition)
}

// openAndClose opens and closes the menu or dialog with the role.
func openAndClose(button, role string) chromedp.Action[chromedp.Void] {
	opened := chromedp.CSS(`[role="` + role + `"]`)
	return chromedp.Steps(
		click(button), chromedp.WaitVisible(opened), chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(opened),
	)
}

func TestPlaygroundInBrowser(t *testing.T) {
	t.Parallel()
	server := newPlaygroundServer(t)
	tab := playgroundTab{context: browse(t), events: new(pageEvents)}
	if err := chromedp.Listen(tab.context, tab.events.listen); err != nil {
		t.Fatal(err)
	}
	tab.do(t, "open the page", chromedp.Navigate(server.URL+"/"), until(queryEditor+`.getOption("lint")?.schema != null`))
	tab.do(t, "see the headers", until(
		`[...document.querySelectorAll(".CodeMirror")].some(e => e.CodeMirror.getValue().includes('"Authorization": "Bearer "'))`,
	))
	tab.do(t, "open the menu of operations", openAndClose(run, "menuitem"))
	tab.do(t, "open the settings", openAndClose(`button[aria-label="Open settings dialog"]`, "dialog"))
	tab.do(t, "change the tab", click(`.graphiql-tab:nth-child(2) button`),
		until(queryEditor+`.getValue().includes("CustomersInteractionsTickets")`),
		chromedp.WaitNotPresent(chromedp.CSS(run+`[aria-haspopup]`)))
	tab.do(t, "run a query", click(run), until(resultText+`.includes("UNAUTHENTICATED")`))
	tab.do(t, "run another query",
		until(queryEditor+`.setValue("query CustomersInteractionsTickets{viewer{__typename}}") === undefined`),
		click(run), until(resultText+`.includes('"viewer": null')`))
	tab.do(t, "read the documentation", click(`button[aria-label="Show Documentation Explorer"]`),
		until(`document.querySelector(".graphiql-doc-explorer")?.textContent.includes("A CRM")`))

	if complaints := tab.events.consoleErrors(); len(complaints) > 0 {
		t.Errorf("the console has the errors %q", complaints)
	}
	requests := tab.events.requested()
	for _, url := range requests {
		if !strings.HasPrefix(url, server.URL+"/") && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page requested %s", url)
		}
	}
	if len(requests) < 7 {
		t.Errorf("the only requests are %q", requests)
	}
}

// TestPlaygroundSubscribesInBrowser checks that the page may open a socket, sends the headers, and shows events as they
// arrive.
func TestPlaygroundSubscribesInBrowser(t *testing.T) {
	t.Parallel()
	api, log := newSubscriptionServer(t)
	mux := http.NewServeMux()
	mux.Handle("/", playground.Handler(""))
	mux.Handle("/graphql", api)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	tab := playgroundTab{context: browse(t), events: new(pageEvents)}
	if err := chromedp.Listen(tab.context, tab.events.listen); err != nil {
		t.Fatal(err)
	}
	const setHeaders = `[...document.querySelectorAll(".CodeMirror")].find(e => e.CodeMirror.getValue().includes("Authorization"))
		.CodeMirror.setValue('{"Authorization": "Bearer good"}') === undefined`
	tab.do(t, "open the page", chromedp.Navigate(server.URL+"/"), until(queryEditor+`.getOption("lint")?.schema != null`))
	tab.do(t, "subscribe", until(setHeaders), until(queryEditor+`.setValue("subscription{count(to:3)}") === undefined`),
		chromedp.WaitNotPresent(chromedp.CSS(run+`[aria-haspopup]`)), click(run), until(resultText+`.includes('"count": 3')`))
	if complaints := tab.events.consoleErrors(); len(complaints) > 0 {
		t.Errorf("the console has the errors %q", complaints)
	}
	if text := log.String(); !strings.Contains(text, `"type":"subscription"`) || !strings.Contains(text, `"role":"USER"`) {
		t.Errorf("the log is %s", text)
	}
}

// newSubscriptionServer serves the schema of package transporttest, with introspection by this package's code.
func newSubscriptionServer(t *testing.T) (*transport.Handler, *transporttest.Log) {
	t.Helper()
	schema, log := transporttest.NewSchema(), new(transporttest.Log)
	schema.Introspect = func(ctx context.Context, field graphql.CollectedField) *graphql.Response {
		product, _ := NewExecutableSchema(Config{}).(*executableSchema)
		ec := newExecutionContext(graphql.GetOperationContext(ctx), product, nil)
		var data bytes.Buffer
		ec.___Schema(ctx, field.Selections, introspection.WrapSchema(schema.Schema())).MarshalGQL(&data)
		return transporttest.OneField(field, json.RawMessage(data.Bytes()))
	}
	config := HandlerConfig{Introspection: true, Logger: slog.New(slog.NewJSONHandler(log, nil))}
	return transport.NewHandler(transport.Config{
		Executor: newExecutor(schema, config), Logger: config.Logger, Authenticator: new(transporttest.Tokens),
	}), log
}
