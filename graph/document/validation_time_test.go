package document

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// costlyDocuments are within the limits of a body or close to them, and take the most work to check that we could think
// of. Most target validation rules that compare everything with everything else.
func costlyDocuments() map[string]string {
	const body = 1<<20 - 200
	fragments := func(n int, format string) string {
		return numbered(n, "...f%d ") + "}} " + numbered(n, format)
	}
	text := func(part string) string { return strings.Repeat(part, body/len(part)) }
	return map[string]string{
		"unused fragment of one field":   "{__typename} fragment f on Customer{" + strings.Repeat("id ", 9_000) + "}",
		"unused fragment of lists":       "{__typename} fragment f on Customer{" + strings.Repeat("interactions{nodes{id}} ", 1_400) + "}",
		"fragments that overlap":         "{customer(by:{id:1}){" + fragments(45, "fragment f%d on Customer{id name interactions{nodes{id title tickets{nodes{id}}}}} "),
		"fragments of unknown fields":    "{customer(by:{id:1}){" + fragments(900, "fragment f%d on Customer{unknown} "),
		"fragments in fragments":         "{customer(by:{id:1}){" + chain(8, "Customer", "...f0}}", "id name email ...NEXT ...NEXT", "id"),
		"operations that spread values":  numbered(300, "query q%d{...f} ") + "fragment f on Query{nodes(ids:[" + numbered(8_000, "%d ") + "]){id}}",
		"operations that spread objects": numbered(100, "query q%d{...f} ") + "fragment f on Query{tickets(where:{or:[" + strings.Repeat("{status:{eq:OPEN}} ", 900) + "]}){totalCount}}",
		"operations":                     numbered(1_900, "query a%d{__typename} "),
		"operations with one name":       strings.Repeat("query a{__typename} ", 1_900),
		"arguments":                      "{node(" + numbered(3_000, "a%d:1 ") + "){id}}",
		"one argument repeated":          "{node(" + strings.Repeat("id:1 ", 3_000) + "){id}}",
		"variables":                      "query(" + numbered(2_400, "$v%d:Int ") + "){__typename}",
		"variables with one name":        "query(" + strings.Repeat("$a:Int ", 2_400) + "){__typename}",
		"variables of unknown types":     "query(" + numbered(2_400, "$v%d:Unknown ") + "){__typename}",
		"variables in use":               "query(" + numbered(1_500, "$v%d:ID! ") + "){nodes(ids:[" + numbered(1_500, "$v%d ") + "]){id}}",
		"undefined variables":            "{nodes(ids:[" + numbered(4_900, "$v%d ") + "]){id}}",
		"unknown fields":                 "{customer(by:{id:1}){" + numbered(9_900, strings.Repeat("b", 95)+"%d ") + "}}",
		"unknown input fields":           "{tickets(where:{" + numbered(3_200, "x%d:1 ") + "}){totalCount}}",
		"wrong enum values":              "{tickets(where:{status:{in:[" + strings.Repeat("X ", 9_800) + "]}}){totalCount}}",
		"fields that conflict":           "{customer(by:{id:1}){" + strings.Repeat("x:name x:email ", 24) + numbered(70, "a%d:name ") + "}}",
		"types of variables":             "query($a:" + strings.Repeat("[", 4_900) + "Int" + strings.Repeat("]", 4_900) + "){__typename}",
		"text":                           `{node(id:"` + text("x") + `"){id}}`,
		"escaped text":                   `{node(id:"` + text(`\u00e9`) + `"){id}}`,
		"block string":                   `{node(id:"""` + text("x\n") + `"""){id}}`,
		"block strings":                  "{nodes(ids:[" + strings.Repeat(`"""`+strings.Repeat("a\n", 48)+`""" `, 9_900) + "]){id}}",
		"invalid UTF-8":                  `{node(id:"` + text("\xff") + `"){id}}`,
		"comment":                        "{__typename #" + text("x") + "\n}",
		"commas":                         "{__typename" + text(",") + "}",
		"byte order marks":               text("\ufeff") + "{__typename}",
		"name":                           "{" + text("a") + "}",
		"number":                         "{customers(first:" + text("1") + ".5){totalCount}}",
		"unterminated text":              `{node(id:"` + text("x"),
	}
}

// TestCostlyDocuments checks that validating a costly document ends at all. The benchmark below measures how long it takes.
func TestCostlyDocuments(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Minute
	for _, introspection := range []bool{true, false} {
		loader := newTestLoader(t, introspection, Limits{})
		for name, source := range costlyDocuments() {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = loader.load(source)
			}()
			select {
			case <-ended:
			case <-time.After(timeout):
				t.Fatalf("validating %s didn't end within %s", name, timeout)
			}
		}
	}
}

func BenchmarkValidationTime(b *testing.B) {
	for name, source := range costlyDocuments() {
		b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(name, " ", "_"), len(source)), func(b *testing.B) {
			loader := newTestLoader(b, true, Limits{})
			for b.Loop() {
				loader.cache = newDocumentCache()
				_, _ = loader.load(source)
			}
		})
	}
}
