package e2e_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"crm/db/mongo/mongotest"
)

// collector receives traces by OTLP over HTTP.
type collector struct {
	url string

	mutex sync.Mutex
	spans []*tracepb.Span
	// raw has all that was received, and headers those of the last request.
	raw     strings.Builder
	headers http.Header
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := new(collector)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var traces tracepb.TracesData
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &traces) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.headers = r.Header
		c.raw.Write(body)
		for _, resource := range traces.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// named returns the spans with a name that begins like this.
func (c *collector) named(name string) (found []*tracepb.Span) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, span := range c.spans {
		if strings.HasPrefix(span.Name, name) {
			found = append(found, span)
		}
	}
	return found
}

// within returns the span with a name in the trace of another one, nil if there is none.
func (c *collector) within(other *tracepb.Span, name string) *tracepb.Span {
	for _, span := range c.named(name) {
		if string(span.TraceId) == string(other.TraceId) {
			return span
		}
	}
	return nil
}

// received returns all that was received, and the headers of the last request.
func (c *collector) received() (string, http.Header) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.raw.String(), c.headers
}

// meet is a mutation that somebody is mailed about.
const meet = `mutation Meet($customer: ID!) {
	createInteraction(input: {customerId: $customer, title: "Secret plan", startTime: "2050-08-27T20:03:00Z"}) { interaction { id } } }`

// TestTraces follows a mutation from the request to the delivery of its message, on both engines.
func TestTraces(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "mongo"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			if engine == "mongo" {
				mongotest.SkipOnStandIn(t)
			}
			c := newCollector(t)
			p := serve(t, t.TempDir(), slices.Concat(settingsOf(t, engine), openMailServer(t, nil).settings(), []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url, "OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20hunter2", "OTEL_BSP_SCHEDULE_DELAY=20",
			})...)
			token, customer := populate(p)
			p.must(token, meet, variables{"customer": customer})
			var meeting, delivery *tracepb.Span
			eventually(t, "the delivery is traced", func() bool {
				for _, meeting = range c.named("mutation Meet") {
					delivery = c.within(meeting, "deliver mail")
				}
				return delivery != nil
			})
			p.stop()
			request, insert := c.within(meeting, "POST /graphql"), c.within(meeting, "Insert interactions")
			if request == nil || string(meeting.ParentSpanId) != string(request.SpanId) || request.Kind != tracepb.Span_SPAN_KIND_SERVER {
				t.Errorf("the operation %v doesn't belong to the request %v", meeting, request)
			}
			if insert == nil || string(insert.ParentSpanId) != string(meeting.SpanId) || insert.StartTimeUnixNano < meeting.StartTimeUnixNano {
				t.Errorf("the call to the store %v doesn't belong to the operation %v", insert, meeting)
			}
			if string(delivery.ParentSpanId) != string(meeting.SpanId) {
				t.Errorf("the delivery %v doesn't belong to the operation %v", delivery, meeting)
			}
			raw, headers := c.received()
			for _, personal := range []string{"Carl", "carl@", "asha@", "Secret plan", "correct horse", token, customer} {
				if strings.Contains(raw, personal) {
					t.Errorf("the traces have %q", personal)
				}
			}
			if got := headers.Get("Authorization"); got != "Bearer hunter2" {
				t.Errorf("the header is %q", got)
			}
			for _, span := range c.named("") {
				if span.EndTimeUnixNano < span.StartTimeUnixNano || span.EndTimeUnixNano == 0 {
					t.Errorf("%v ends before it begins", span)
				}
			}
		})
	}
}

// TestTraceparent checks who may continue a trace: a trusted proxy, and nobody else.
func TestTraceparent(t *testing.T) {
	t.Parallel()
	const id = "0af7651916cd43dd8448eb211c80319c"
	for _, test := range []struct {
		name, sampler string
		proxies       string
		traced, joins bool
	}{
		{"stranger", "parentbased_always_on", "", true, false},
		{"stranger, nothing sampled", "parentbased_always_off", "", false, false},
		{"proxy decides", "parentbased_always_off", "127.0.0.1,::1", true, true},
		{"proxy doesn't decide", "always_off", "127.0.0.1,::1", false, false},
		{"no part of them", "traceidratio", "127.0.0.1,::1", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t)
			p := serve(t, t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT="+c.url, "OTEL_TRACES_SAMPLER="+test.sampler, "OTEL_TRACES_SAMPLER_ARG=0",
				"TRUSTED_PROXIES="+test.proxies)
			request, err := http.NewRequest(http.MethodPost, p.url+"/graphql", strings.NewReader(`{"query":"query Who { viewer { __typename } }"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Traceparent", "00-"+id+"-b7ad6b7169203331-01")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			p.stop() // which sends what is left
			found := c.named("query Who")
			if traced := len(found) == 1; traced != test.traced {
				t.Fatalf("the operation has the spans %v", found)
			}
			if test.traced && (hex.EncodeToString(found[0].TraceId) == id) != test.joins {
				t.Errorf("the operation's trace is %x", found[0].TraceId)
			}
		})
	}
}

// TestLostTraces checks that a server works without its collector, which the log says once.
func TestLostTraces(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gone.Close)
	p := serve(t, t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT="+gone.URL+"/here", "OTEL_BSP_SCHEDULE_DELAY=1")
	for range 5 {
		p.must("", viewer, nil)
		eventually(t, "the loss is logged", func() bool { return strings.Contains(read(t, p.logs), "traces can't be sent") })
	}
	p.stop()
	if logs := read(t, p.logs); strings.Count(logs, "traces can't be sent") != 1 {
		t.Errorf("the log is\n%s", logs)
	}
}
