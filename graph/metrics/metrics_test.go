package metrics_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crm/db"
	"crm/db/mongo/mongotest"
	"crm/db/store"
	"crm/graph/metrics"
	"crm/notify"
)

// TestMetrics checks what a scrape shows of a little work, on both engines.
func TestMetrics(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) store.Store{
		"sqlite": openSQLite, "mongo": func(t *testing.T) store.Store { return mongotest.Open(t, db.Collections()...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, open(t))
			token := p.signUp()
			p.ask(token, `query Customers{customers{totalCount}}`)
			p.ask("", `query Customers{customers{totalCount}}`)
			p.ask("", `{nope}`)
			p.ask("", `{__typename}`)
			p.ask(token, `mutation Meet{createCustomer(input:{name:"Carl",email:"carl@example.org"}){customer{id}}}`)
			customer := p.customer(token)
			p.ask(token, `mutation Meet{createInteraction(input:{customerId:"`+customer+
				`",title:"Demo",startTime:"2050-08-27T20:03:00Z"}){interaction{id}}}`)
			values, text := p.scrape()
			for metric, want := range map[string]float64{
				`crm_operations_total{kind="mutation",operation="Join",result="ok"}`:                          1,
				`crm_operations_total{kind="query",operation="Customers",result="ok"}`:                        1,
				`crm_operations_total{kind="query",operation="Customers",result="UNAUTHENTICATED"}`:           1,
				`crm_operations_total{kind="unknown",operation="unnamed",result="GRAPHQL_VALIDATION_FAILED"}`: 1,
				`crm_operations_total{kind="query",operation="unnamed",result="ok"}`:                          2,
				`crm_operations_total{kind="mutation",operation="Meet",result="ok"}`:                          2,
				`crm_operation_duration_seconds_count{kind="query",operation="Customers"}`:                    2,
				`crm_operation_complexity_total{kind="query",operation="Customers"}`:                          4,
				`crm_operation_store_calls_total{kind="query",operation="Customers"}`:                         2,
				`crm_store_up`: 1, `crm_sessions`: 1, `crm_streams`: 0, `crm_deliveries{status="pending"}`: 0,
				`crm_build_info{revision="abc",version="v1.2.3"}`: 1,
			} {
				if got, ok := values[metric]; !ok || got != want {
					t.Errorf("%s is %v, want %v", metric, got, want)
				}
			}
			engine := map[string]string{"sqlite": "crm_sqlite_wal_bytes", "mongo": "crm_mongo_pool_connections"}[name]
			for _, positive := range []string{
				engine, `crm_store_call_duration_seconds_count{call="Insert"}`, "go_goroutines", "process_open_fds",
				`crm_store_call_duration_seconds_sum{call="Find"}`,
			} {
				if values[positive] <= 0 {
					t.Errorf("%s is %v", positive, values[positive])
				}
			}
			for _, secret := range []string{customer, "asha@", "carl@", "Carl", "192.0.2.1", token} {
				if strings.Contains(text, secret) {
					t.Errorf("the metrics contain %s", secret)
				}
			}
			p.deliver(func(values map[string]float64) bool {
				return values[`crm_deliveries_total{channel="mail",result="sent"}`] == 2 && values["crm_events_lag_seconds"] == 0 &&
					values["crm_deliveries_pending_seconds"] == 0 && values["crm_events_last_seq"] >= 3
			})
		})
	}
}

// customer returns the id of the only customer.
func (p *program) customer(token string) string {
	p.t.Helper()
	body := p.ask(token, `{customers{nodes{id}}}`)
	_, id, found := strings.Cut(body, `"id":"`)
	if !found {
		p.t.Fatalf("the customers are %s", body)
	}
	return id[:strings.IndexByte(id, '"')]
}

// TestNames sends 10,000 operations with different names, and checks that few of them are labels: of those who aren't logged in
// fewer still, and nothing that may be an id.
func TestNames(t *testing.T) {
	t.Parallel()
	p := newProgram(t, openSQLite(t))
	token := p.signUp()
	p.ask(token, `query Of_0123456789abcdef01234567{__typename}`)
	p.ask(token, `query `+strings.Repeat("Long", 30)+`{__typename}`)
	for i := range 5_000 {
		p.ask("", fmt.Sprintf("query Stranger%d{__typename}", i))
	}
	values, _ := p.scrape()
	strangers := len(labels(values))
	for i := range 5_000 {
		p.ask(token, fmt.Sprintf("query Staff%d{__typename}", i))
	}
	values, text := p.scrape()
	names := labels(values)
	if strangers < 10 || strangers > 30 || len(names) < 50 || len(names) > 110 {
		t.Errorf("%d names of strangers are labels, of %d", strangers, len(names))
	}
	if names["Staff0"] != 1 || names["Stranger0"] != 1 || names["other"] < 9_000 {
		t.Errorf("the names are %v", names)
	}
	if strings.Contains(text, "0123456789abcdef") || strings.Contains(text, "LongLong") || len(values) > 5_000 {
		t.Errorf("there are %d values:\n%s", len(values), onlyOurs(text))
	}
}

// labels returns how many operations of each name were counted.
func labels(values map[string]float64) map[string]float64 {
	names := map[string]float64{}
	for metric, value := range values {
		if strings.HasPrefix(metric, "crm_operations_total{") {
			_, name, _ := strings.Cut(metric, `operation="`)
			names[name[:strings.IndexByte(name, '"')]] += value
		}
	}
	return names
}

// TestToken checks that a token is needed if there is one.
func TestToken(t *testing.T) {
	t.Parallel()
	handler := metrics.New("", "").Handler("a long token", slog.New(slog.DiscardHandler))
	for header, want := range map[string]int{
		"": 401, "Bearer": 401, "Bearer ": 401, "Bearer a long toke": 401, "Bearer a long token!": 401, "Basic a long token": 401,
		"a long token": 401, "Bearer a long token": 200, "bearer  a long token": 200,
	} {
		request := httptest.NewRequest(http.MethodGet, metrics.Path, nil)
		request.Header.Set("Authorization", header)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != want || (want != 200) == strings.Contains(recorder.Body.String(), "go_goroutines") {
			t.Errorf("%q got %d %.80s", header, recorder.Code, recorder.Body)
		}
	}
}

// onlyOurs returns the metrics that are this program's own.
func onlyOurs(text string) string {
	var ours []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "crm_") && !strings.Contains(line, "_bucket{") {
			ours = append(ours, line)
		}
	}
	return strings.Join(ours, "")
}

// TestExamples checks that the alerts and the dashboard in examples/monitoring use only metrics and results that exist.
func TestExamples(t *testing.T) {
	t.Parallel()
	p := newProgram(t, openSQLite(t))
	p.ask(p.signUp(), `query Viewer{viewer{__typename}}`)
	p.metrics.Delivered("mail", notify.ResultFailed)
	_, text := p.scrape()
	for _, name := range []string{"alerts.yml", "dashboard.json"} {
		content, err := os.ReadFile(filepath.Join("../../examples/monitoring", name))
		if err != nil {
			t.Fatal(err)
		}
		used := regexp.MustCompile(`\bcrm_\w+`).FindAllString(string(content), -1)
		if len(used) < 5 {
			t.Errorf("%s uses only %v", name, used)
		}
		for _, metric := range used {
			if !strings.Contains(text, "\n"+metric+"{") && !strings.Contains(text, "\n"+metric+" ") {
				t.Errorf("%s uses %s, which isn't among the metrics", name, metric)
			}
		}
	}
}
