package e2e_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// metricsURL finds the address of the metrics in the greeting.
var metricsURL = regexp.MustCompile(`(?m)^Metrics +(http://127\.0\.0\.1:\d+/metrics)$`)

// scrape requests metrics with a token, which may be empty.
func scrape(t *testing.T, url, token string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

// TestMetrics checks where metrics are served, and to whom.
func TestMetrics(t *testing.T) {
	t.Parallel()
	const token = "a long secret token"
	main := serve(t, t.TempDir(), "METRICS_TOKEN="+token)
	own := serve(t, t.TempDir(), "METRICS_ADDR=127.0.0.1:0")
	both := serve(t, t.TempDir(), "METRICS_ADDR=127.0.0.1:0", "METRICS_TOKEN="+token)
	ownURL := func(p *process) string {
		if found := metricsURL.FindStringSubmatch(read(t, p.out)); found != nil {
			return found[1]
		}
		t.Fatalf("the greeting is\n%s", read(t, p.out))
		return ""
	}
	main.must("", signUp, nil)
	for _, test := range []struct {
		url, token string
		status     int
	}{
		{main.url + "/metrics", "", http.StatusUnauthorized}, {main.url + "/metrics", token, http.StatusOK},
		{own.url + "/metrics", token, http.StatusNotFound}, {ownURL(own), "", http.StatusOK},
		{strings.TrimSuffix(ownURL(own), "/metrics") + "/graphql", "", http.StatusNotFound},
		{both.url + "/metrics", token, http.StatusNotFound}, {ownURL(both), "", http.StatusUnauthorized}, {ownURL(both), token, http.StatusOK},
	} {
		status, body := scrape(t, test.url, test.token)
		if status != test.status || (status == http.StatusOK) != strings.Contains(body, "crm_build_info{") {
			t.Errorf("%s with %q got %d %.100s", test.url, test.token, status, body)
		}
	}
	if _, body := scrape(t, main.url+"/metrics", token); !strings.Contains(body, `crm_operations_total{kind="mutation"`) ||
		!strings.Contains(body, "crm_sqlite_file_bytes") {
		t.Errorf("the metrics are %s", body)
	}
	if logs := read(t, main.logs); strings.Contains(logs, token) {
		t.Errorf("the log has the token:\n%s", logs)
	}
}
