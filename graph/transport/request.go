package transport

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/store"
	"crm/graph/apierror"
)

// The parameters of a GraphQL request.
const (
	queryParam         = "query"
	operationNameParam = "operationName"
	variablesParam     = "variables"
	extensionsParam    = "extensions"
	// documentIDParam identifies a document instead of a query; relayIDParam is Relay's name for it.
	documentIDParam = "documentId"
	relayIDParam    = "id"
	// persistedQueryExtension is the entry of the extensions that identifies a document in Apollo's protocol.
	persistedQueryExtension = "persistedQuery"
)

// refusal is the reason why a request is not executed.
type refusal struct {
	status int
	// header and value are a header that the response must have, such as Allow for a 405.
	header, value string
	// ofOperation says that only this operation is at fault: a socket that sends it can stay open.
	ofOperation bool
	err         *store.Error
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, err: store.Errorf(apierror.BadRequest, format, args...)}
}

// request is what one HTTP request contains: an operation, or a batch of them.
type request struct {
	operations []requested
	isBatch    bool
}

// requested is one operation of a request, or why it can't be read, which concerns only this operation of a batch.
type requested struct {
	params  *graphql.RawParams
	refused *refusal
}

// readRequest reads a GraphQL request, or returns the status and error with which it is refused.
func (e *runner) readRequest(w http.ResponseWriter, r *http.Request, batching bool) (request, *refusal) {
	start := graphql.Now()
	var given request
	var refused *refusal
	switch r.Method {
	case http.MethodPost:
		given, refused = e.readPost(w, r, batching)
	case http.MethodGet, http.MethodHead:
		given.operations = make([]requested, 1)
		given.operations[0].params, refused = readGet(r, e.limits)
	default:
		refused = refuse(http.StatusMethodNotAllowed, "send operations by POST, or queries by GET")
		refused.header, refused.value = "Allow", strings.Join([]string{http.MethodGet, http.MethodHead, http.MethodPost}, ", ")
	}
	if refused != nil {
		return request{}, refused
	}
	for _, operation := range given.operations {
		if operation.params != nil {
			operation.params.Headers = r.Header
			operation.params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
		}
	}
	return given, nil
}

func (e *runner) readPost(w http.ResponseWriter, r *http.Request, batching bool) (request, *refusal) {
	if refused := checkBodyType(r.Header); refused != nil {
		return request{}, refused
	}
	if r.ContentLength > e.limits.Body {
		return request{}, bodyTooLarge(e.limits.Body)
	}
	body, err := readBody(http.MaxBytesReader(w, r.Body, e.limits.Body), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return request{}, bodyTooLarge(e.limits.Body)
	case err != nil:
		return request{}, refuse(http.StatusBadRequest, "the body can't be read")
	}
	return e.parseBody(r.Context(), body, batching)
}

// checkBodyType refuses a body that is not JSON in UTF-8. Other content types would let a page of another site send a
// request without a preflight.
func checkBodyType(header http.Header) *refusal {
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if (err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) || media != mediaJSON {
		return unsupported("Accept", mediaJSON, "the Content-Type must be %s", mediaJSON)
	}
	// Some clients leave the hyphen out.
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return unsupported("Accept", mediaJSON, "the charset must be utf-8")
	}
	const identity = "identity"
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, identity) {
		return unsupported("Accept-Encoding", identity, "the body must not be compressed")
	}
	return nil
}

// unsupported refuses a body; the header says which ones are supported.
func unsupported(header, value, format string, args ...any) *refusal {
	refused := refuse(http.StatusUnsupportedMediaType, format, args...)
	refused.header, refused.value = header, value
	return refused
}

// readBody reads a body. It allocates the declared length at once only if that is small.
func readBody(body io.Reader, length int64) ([]byte, error) {
	const most = 16 << 10
	var buffer bytes.Buffer
	buffer.Grow(int(min(max(length, 0), most)) + bytes.MinRead)
	_, err := buffer.ReadFrom(body)
	return buffer.Bytes(), err
}

func bodyTooLarge(limit int64) *refusal {
	return &refusal{
		status: http.StatusRequestEntityTooLarge,
		err:    store.Errorf(apierror.QueryTooComplex, "the body is larger than the %d bytes allowed", limit),
	}
}

// readGet reads the parameters of a GET, of which variables and extensions are JSON.
func readGet(r *http.Request, limits Limits) (*graphql.RawParams, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the URL's query can't be read")
	}
	given := map[string]any{}
	for _, name := range []string{queryParam, operationNameParam, documentIDParam, relayIDParam} {
		if values.Has(name) {
			given[name] = values.Get(name)
			if !utf8.ValidString(values.Get(name)) {
				return nil, &refusal{status: http.StatusBadRequest, err: store.FieldError(store.BadInput, name, "must be valid UTF-8")}
			}
		}
	}
	reader := newJSONReader(limits.Values)
	for _, name := range []string{variablesParam, extensionsParam} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		value, err := reader.read([]byte(text))
		switch {
		case errors.Is(err, errTooManyValues):
			return nil, &refusal{
				status: http.StatusBadRequest, err: reader.tooManyValues(variablesParam + " and " + extensionsParam),
			}
		case err != nil:
			if refused := badUnicode([]byte(text), err, name); refused != nil {
				return nil, refused
			}
			value = text // which the type check refuses
		}
		given[name] = value
	}
	return parseParams(given)
}

// parseParams reads the parameters, and reports each that has the wrong type.
func parseParams(given map[string]any) (*graphql.RawParams, *refusal) {
	var params graphql.RawParams
	var problems store.Problems
	readParam(given, queryParam, "a string", &params.Query, &problems)
	readParam(given, operationNameParam, "a string or null", &params.OperationName, &problems)
	readObject(given, variablesParam, &params.Variables, &problems)
	readObject(given, extensionsParam, &params.Extensions, &problems)
	documentID := readDocumentID(given, params.Query, &problems)
	switch {
	case len(problems) > 0:
	case documentID != "" && params.Query != "":
		problems.Add(documentIDParam, "replaces a query: give only one of them")
	case documentID != "":
		if params.Extensions == nil {
			params.Extensions = map[string]any{}
		}
		params.Extensions[documentIDParam] = documentID
	case params.Query == "" && params.Extensions[persistedQueryExtension] == nil:
		problems.Add(queryParam, "is required")
	}
	if len(problems) == 0 {
		return &params, nil
	}
	var err *store.Error
	errors.As(problems.Err(), &err)
	return nil, &refusal{status: http.StatusBadRequest, err: err}
}

// readParam reads a parameter, which may be missing or null.
func readParam[T any](given map[string]any, name, typeName string, target *T, problems *store.Problems) {
	value, ok := given[name].(T)
	if !ok && given[name] != nil {
		problems.Add(name, "must be %s", typeName)
	}
	*target = value
}

// readObject reads an object. PHP encodes an empty one as an empty list.
func readObject(given map[string]any, name string, target *map[string]any, problems *store.Problems) {
	if list, ok := given[name].([]any); ok && len(list) == 0 {
		return
	}
	readParam(given, name, "an object or null", target, problems)
}

// readDocumentID returns the id of the document to run, or "" if there is none. Next to a query, the parameter that Relay
// uses may be anything: other clients number their requests with it.
func readDocumentID(given map[string]any, query string, problems *store.Problems) string {
	for _, name := range []string{documentIDParam, relayIDParam} {
		if name == relayIDParam && query != "" {
			continue
		}
		var id string
		if readParam(given, name, "a string or null", &id, problems); id != "" {
			return id
		}
	}
	return ""
}
