package graph

import (
	"bytes"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

// TestAppendString holds that texts are written as gqlgen writes them, whatever bytes they have. That whole answers are
// as gqlgen's, resolvers/differential_test.go holds.
func TestAppendString(t *testing.T) {
	t.Parallel()
	texts := []string{"", "é\u2028\u2029😀", "a\xffb\xed\xa0\x80"}
	for b := range 256 {
		texts = append(texts, string([]byte{'a', byte(b), 'z'}), string([]byte{byte(b), byte(b)}))
	}
	for _, text := range texts {
		var want bytes.Buffer
		graphql.MarshalString(text).MarshalGQL(&want)
		if got := appendString(nil, text); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%q is written as %s, want %s", text, got, want.Bytes())
		}
	}
}
