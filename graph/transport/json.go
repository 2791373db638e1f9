package transport

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"crm/db/store"
	"crm/graph/apierror"
)

// jsonReader reads the JSON of requests as encoding/json would read it into an any with UseNumber, which keeps all digits.
// It takes half of the time, and a sixth for long strings. Integers are written without fraction and exponent. Texts that
// aren't valid Unicode are refused: encoding/json would store something else than the client sent.
type jsonReader struct {
	// limit is the maximum number of values, and left how many of them remain.
	limit, left int
}

func newJSONReader(limit int) *jsonReader { return &jsonReader{limit: limit, left: limit} }

// errTooManyValues stops the reading of a JSON text with too many values.
var errTooManyValues = errors.New("too many values")

// read reads a text that must be one value.
func (r *jsonReader) read(text []byte) (any, error) {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	value, err := r.value(decoder)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more text after the value")
	}
	return value, nil
}

func (r *jsonReader) value(decoder *jsontext.Decoder) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errTooManyValues
	}
	token, err := decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	switch kind := token.Kind(); kind {
	case '{':
		return r.object(decoder)
	case '[':
		return r.list(decoder)
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	case 'n':
		return nil, nil //nolint:nilnil // this is the value of null
	default:
		return nil, fmt.Errorf("unexpected %s", kind)
	}
}

// number returns a number as it is written, except for an integer like 10.0 or 1e1, which some clients send: GraphQL
// (section 3.5.1) accepts any number without a fractional part as an Int.
func number(text string) stdjson.Number {
	const exact = 1 << 53 // a float64 represents all integers up to here
	if !strings.ContainsAny(text, ".eE") {
		return stdjson.Number(text)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value != math.Trunc(value) || math.Abs(value) > exact {
		return stdjson.Number(text)
	}
	return stdjson.Number(strconv.FormatInt(int64(value), 10))
}

func (r *jsonReader) object(decoder *jsontext.Decoder) (map[string]any, error) {
	object := map[string]any{}
	for decoder.PeekKind() != '}' {
		token, err := decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String() // before the next token overwrites it
		if object[name], err = r.value(decoder); err != nil {
			return nil, err
		}
	}
	_, err := decoder.ReadToken()
	return object, err
}

func (r *jsonReader) list(decoder *jsontext.Decoder) ([]any, error) {
	list := []any{}
	for decoder.PeekKind() != ']' {
		value, err := r.value(decoder)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := decoder.ReadToken()
	return list, err
}

// badUnicode returns the problem of a text that is JSON except for half of a surrogate pair or bytes that aren't UTF-8, and
// nil if err, with which the text was refused, has another cause. root is the path of the text.
func badUnicode(text []byte, err error, root string) *refusal {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) || !jsontext.Value(text).IsValid(likeEncodingJSON()...) {
		return nil
	}
	path := strings.Join(slices.Collect(syntax.JSONPointer.Tokens()), ".")
	path = strings.ToValidUTF8(strings.Trim(root+"."+path, "."), "\uFFFD")
	return &refusal{
		status: http.StatusBadRequest, ofOperation: true,
		err: store.FieldError(store.BadInput, path, "must be valid Unicode: it has half of a surrogate pair, or bytes that aren't UTF-8"),
	}
}

// unmarshalJSON reads a JSON text into a target of any type.
func unmarshalJSON(text []byte, target any) error {
	return json.Unmarshal(text, target, likeEncodingJSON()...)
}

// likeEncodingJSON accepts the same texts as encoding/json: the last value of a duplicate name counts, and invalid UTF-8 is
// replaced.
func likeEncodingJSON() []json.Options {
	return []json.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

// tooManyValues returns the error for a request with too many values.
func (r *jsonReader) tooManyValues(where string) *store.Error {
	return store.Errorf(apierror.QueryTooComplex, "there are more than %[1]d values in %[2]s; at most %[1]d are allowed", r.limit, where)
}
