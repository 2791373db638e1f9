package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestBenchmark runs the whole benchmark on little data. The benchmark itself compares the responses; the test checks no
// times. It installs no Bun, so that peer is left out.
func TestBenchmark(t *testing.T) {
	t.Parallel()
	if os.Getenv("THOROUGH") != "true" {
		t.Skip("building and measuring four servers takes a processor for half a minute: THOROUGH=true runs this test")
	}
	keep := t.TempDir()
	common := []string{"--customers", "10", "--turns", "1", "--connections", "2", "--keep", keep}
	first := measure(t, append(common, "--requests", "2")...)
	checkNames(t, first, "idle", "Q1", "Q1", "Q2", "Q2", "Q3", "Q3", "Q4", "L1", "RW", "RW", "RW_M1", "RW_M1", "M1", "M1", "end")
	figures := regexp.MustCompile(`(?m)^Q1 ours_rps=\S+ reference_rps=\S+ ratio=\S+ ours_p50_ms=\S+ ours_p99_ms=\S+ ` +
		`ours_cpu_ms=\S+ ours_later_ms=\S+ ours_rss_mb=\S+ .*`)
	if !figures.MatchString(first) {
		t.Error("the figures of Q1 are other ones")
	}
	if !strings.Contains(first, `# bun is left out: npm can't install it: exec: "no-such-npm"`) {
		t.Error("it isn't said that and why Bun is left out")
	}
	second := measure(t, append(common, "--requests", "8", "--mixed", "--cache", "0")...)
	checkNames(t, second, "idle", "mixed", "mixed_Q1", "mixed_Q2", "mixed_Q3", "end")
	if !strings.Contains(second, "\nmixed errors=0 ") {
		t.Error("the mixed load had errors")
	}
}

// measure runs the benchmark and returns its output.
func measure(t *testing.T, arguments ...string) string {
	t.Helper()
	var out, status bytes.Buffer
	o, err := readOptions(arguments, &status)
	if err != nil {
		t.Fatal(err)
	}
	o.npm = "no-such-npm"
	if err := o.run(t.Context(), &out, &status); err != nil {
		t.Fatalf("%v\n%s", err, status.String())
	}
	t.Logf("\n%s", out.String())
	return out.String()
}

func checkNames(t *testing.T, output string, want ...string) {
	t.Helper()
	line := regexp.MustCompile(`^\w+( \w+=[0-9]+(\.[0-9]+)?)+$`)
	var names []string
	for text := range strings.SplitSeq(strings.TrimSpace(output), "\n") {
		if strings.HasPrefix(text, "#") {
			continue
		}
		name, _, _ := strings.Cut(text, " ")
		names = append(names, name)
		if !line.MatchString(text) {
			t.Errorf("not a line of figures: %q", text)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("the lines are %q, not %q", names, want)
	}
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"--customers", "0"}, {"--customers", "1000000"}, {"--cases", "Q9"}, {"--peers", "ours"}, {"--turns", "0"}, {"--seconds", "-1"}, {"more"},
	} {
		var out, status bytes.Buffer
		if err := run(context.Background(), arguments, &out, &status); err == nil {
			t.Errorf("%q is accepted", arguments)
		}
	}
}

func TestDifference(t *testing.T) {
	t.Parallel()
	s := scenario{rename: map[string]string{"all": "items"}, volatile: []string{"id"}}
	content := func(text string) any {
		t.Helper()
		found, err := s.content([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	ours := content(`{"data":{"x":{"totalCount":2,"edges":[{"node":{"id":"a","all":{"nodes":[{"n":1}]}}}]}}}`)
	for text, want := range map[string]string{
		`{"totalCount":2,"items":[{"id":"b","items":[{"n":1}]}]}`: "",
		`{"totalCount":3,"items":[{"id":"b","items":[{"n":1}]}]}`: "answer.totalCount is",
		`{"totalCount":2,"items":[{"id":"b","items":[{"n":2}]}]}`: "answer.items[0].items[0].n is",
		`{"totalCount":2,"items":[{"id":"b","items":[]}]}`:        "answer.items[0].items is",
		`{"totalCount":2,"items":[{"id":"","items":[{"n":1}]}]}`:  "answer.items[0].id is",
	} {
		found := difference("answer", ours, content(text))
		if (found == "") != (want == "") || !strings.HasPrefix(found, want) {
			t.Errorf("against %s: %q, not %q", text, found, want)
		}
	}
}
