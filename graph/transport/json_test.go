package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// hasHalfPair matches the texts below that have half of a surrogate pair.
var hasHalfPair = regexp.MustCompile(`"\\ud83d"`)

// expectedJSON is the result of encoding/json for a text.
func expectedJSON(text string) (value any, err error) {
	if !json.Valid([]byte(text)) || !utf8.ValidString(text) || hasHalfPair.MatchString(text) {
		return nil, errors.New("not JSON, or not Unicode")
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return withIntegers(value), err
}

// withIntegers writes the integers in a value without fraction and exponent.
func withIntegers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && f == float64(int64(f)) && f >= -1<<53 && f <= 1<<53 && strings.ContainsAny(string(v), ".eE") {
			return json.Number(strconv.FormatFloat(f+0, 'f', -1, 64)) // + 0 makes -0 positive
		}
	case []any:
		for i, item := range v {
			v[i] = withIntegers(item)
		}
	case map[string]any:
		for name, item := range v {
			v[name] = withIntegers(item)
		}
	}
	return value
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0": "10", "1e1": "10", "-2.50E+1": "-25", "0.0": "0", "-0.0": "0", "10": "10", "1.5": "1.5", "1e-1": "1e-1", "1e300": "1e300",
		"9007199254740992.0": "9007199254740992", "123456789012345678901234567890": "123456789012345678901234567890",
		"0.1e400": "0.1e400", "1e400": "1e400", "1e-400": "0",
	} {
		if got := number(text); string(got) != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

var jsonTexts = []string{
	`{}`, `[]`, `null`, `true`, `false`, `""`, `0`, `-1.50e+7`, `123456789012345678901234567890`, ` { "a" : [ 1 , "2" , null ] } `,
	`{"a":1,"a":{"b":2}}`, `{"a":{"b":1},"a":{"c":2}}`, `"ä\u00e4\ud83d\ude00\n\\\"\/"`, `"\ud83d"`, "\"\xff\xfe\"", "{\"\xff\":1}",
	``, ` `, `{`, `[`, `"`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `{a:1}`, `01`, `+1`, `1.`, `.5`, `1e`, `NaN`, `tru`, `nul`,
	`"\x"`, "\"\n\"", `{}{}`, `1 2`, `[1}`, `{"a":1]`, `'a'`, `// a`, "\xef\xbb\xbf{}", "\x00", `[[[[[[]]]]]]`,
	strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000), strings.Repeat("[", 11_000) + strings.Repeat("]", 11_000),
}

// TestJSONReader compares the results with those of encoding/json, which accepts invalid Unicode.
func TestJSONReader(t *testing.T) {
	t.Parallel()
	for _, text := range jsonTexts {
		checkJSON(t, text)
	}
}

func FuzzJSONReader(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkJSON(t, text) })
}

func checkJSON(t *testing.T, text string) {
	t.Helper()
	want, wantErr := expectedJSON(text)
	got, err := newJSONReader(20_000).read([]byte(text))
	if errors.Is(err, errTooManyValues) || err != nil && badUnicode([]byte(text), err, "") != nil && json.Valid([]byte(text)) {
		return
	}
	if (err != nil) != (wantErr != nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%.100q is read as %v, %v, want %v, %v", text, got, err, want, wantErr)
	}
}

// TestJSONReaderCounts checks that the limit includes the values of texts read before.
func TestJSONReaderCounts(t *testing.T) {
	t.Parallel()
	const text = `{"a":[1,"2",null,{"b":true}],"c":{}}` // 8 values
	for limit, fits := range map[int]bool{7: false, 8: true, 15: true, 16: true} {
		if _, err := newJSONReader(limit).read([]byte(text)); errors.Is(err, errTooManyValues) == fits {
			t.Errorf("with at most %d: %v", limit, err)
		}
		reader := newJSONReader(limit)
		_, _ = reader.read([]byte(text))
		if _, err := reader.read([]byte(text)); errors.Is(err, errTooManyValues) != (limit < 16) {
			t.Errorf("twice, with at most %d: %v", limit, err)
		}
	}
}

func BenchmarkJSONReader(b *testing.B) {
	for name, text := range map[string]string{
		"usual":   `{"query":"query($id: ID!) { customer(by: {id: $id}) { name } }","variables":{"id":"01890a5d-ac96-774b-bcce-b302099a8057"}}`,
		"a line":  `{"query":"{` + strings.Repeat("a", 1<<20) + `}"}`,
		"numbers": `{"variables":{"n":[` + strings.Repeat("1,", 5_000) + `1]}}`,
	} {
		b.Run(name+"/ours", func(b *testing.B) {
			for b.Loop() {
				if _, err := newJSONReader(10_000).read([]byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/encoding/json", func(b *testing.B) {
			for b.Loop() {
				var value any
				decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
				decoder.UseNumber()
				if err := decoder.Decode(&value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
