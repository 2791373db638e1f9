package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
)

// requestErrorStatus returns the status for a request whose operation was not run. Clients of application/json expect
// status 200 for all GraphQL responses.
func requestErrorStatus(media string, errs gqlerror.List) int {
	for _, err := range errs {
		switch apierror.CodeOf(err) {
		case apierror.InternalError:
			return http.StatusInternalServerError
		case store.Unavailable:
			return http.StatusServiceUnavailable
		case store.RateLimited:
			if media != mediaJSON {
				return http.StatusTooManyRequests
			}
		case apierror.PersistedQueryNotFound:
			return http.StatusOK // the client then sends the text, which an HTTP error could prevent
		}
		if fields, _ := err.Extensions["fields"].([]apierror.FieldProblem); len(fields) == 1 && fields[0].Path == operationNameParam {
			return http.StatusBadRequest
		}
	}
	if media == mediaJSON {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// responseFormat is the media type and encoding of a response.
type responseFormat struct {
	media string
	// varies means that the client listed the encodings that it accepts.
	varies bool
	// compressor is required if there is an encoding.
	encoding   contentEncoding
	compressor *compressor
}

// writeResponse writes a response; one without execution has no data entry.
func writeResponse(w http.ResponseWriter, format responseFormat, status int, response *graphql.Response) {
	body, err := marshalResponse(response)
	if err != nil {
		status, body = http.StatusInternalServerError, internalError()
	}
	writeBody(w, format, status, body)
}

// writeResponses writes the responses to the operations of a batch.
func writeResponses(w http.ResponseWriter, format responseFormat, responses []*graphql.Response) {
	list := []byte{'['}
	for i, response := range responses {
		body, err := marshalResponse(response)
		if err != nil {
			body = internalError()
		}
		if i > 0 {
			list = append(list, ',')
		}
		list = append(append(append(list, body.before...), body.data...), body.after...)
	}
	writeBody(w, format, http.StatusOK, responseBody{data: append(list, ']')})
}

// internalError replaces a response that can't be encoded.
func internalError() responseBody {
	return responseBody{data: fmt.Appendf(nil, `{"errors":[{"message":"internal error","extensions":{"code":%q}}]}`, apierror.InternalError)}
}

func writeBody(w http.ResponseWriter, format responseFormat, status int, body responseBody) {
	header := w.Header()
	header.Set("Content-Type", format.media+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if format.varies {
		header.Add("Vary", "Accept-Encoding")
	}
	write := func(pieces ...[]byte) {
		for _, piece := range pieces {
			_, _ = w.Write(piece)
		}
	}
	if format.encoding == notEncoded || body.length() < minCompressed {
		header.Set("Content-Length", strconv.Itoa(body.length()))
		w.WriteHeader(status)
		write(body.before, body.data, body.after)
		return
	}
	header.Set("Content-Encoding", string(format.encoding))
	format.compressor.compress(format.encoding, body.joined(), func(compressed []byte) {
		header.Set("Content-Length", strconv.Itoa(len(compressed)))
		w.WriteHeader(status)
		write(compressed)
	})
}

// responseBody is a response as JSON: its data, which is already JSON and is not copied, and the text around it.
type responseBody struct{ before, data, after []byte }

// marshalResponse encodes a response, with the errors first.
func marshalResponse(response *graphql.Response) (responseBody, error) {
	body := responseBody{before: []byte{'{'}, data: response.Data}
	if len(response.Errors) > 0 {
		errs, err := json.Marshal(response.Errors)
		if err != nil {
			return responseBody{}, fmt.Errorf("cannot marshal errors: %w", err)
		}
		body.before = appendEntry(body.before, "errors", errs)
	}
	if response.Data != nil {
		body.before = appendEntry(body.before, "data", nil)
	}
	if len(response.Extensions) > 0 {
		extensions, err := json.Marshal(response.Extensions)
		if err != nil {
			return responseBody{}, fmt.Errorf("cannot marshal extensions: %w", err)
		}
		if len(body.before) > 1 {
			body.after = append(body.after, ',')
		}
		body.after = appendEntry(body.after, "extensions", extensions)
	}
	body.after = append(body.after, '}')
	return body, nil
}

// appendEntry appends an object's entry, after a comma unless it is the first.
func appendEntry(buf []byte, name string, value []byte) []byte {
	if len(buf) > 1 {
		buf = append(buf, ',')
	}
	buf = append(append(append(buf, '"'), name...), `":`...)
	return append(buf, value...)
}

func (b responseBody) length() int { return len(b.before) + len(b.data) + len(b.after) }

// joined returns the body in one piece.
func (b responseBody) joined() []byte { return slices.Concat(b.before, b.data, b.after) }

// refuseStream responds to a request for a stream that can't be opened.
func (e *runner) refuseStream(w http.ResponseWriter, r *http.Request, err *store.Error) {
	status := http.StatusServiceUnavailable
	switch err.Code {
	case store.Forbidden:
		status = http.StatusForbidden
	case store.RateLimited:
		status = http.StatusTooManyRequests
	}
	if err.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(err.RetryAfter.Seconds())))
	}
	writeResponse(w, responseFormat{media: mediaJSON}, status, e.DispatchError(r.Context(), gqlerror.List{apierror.Coded(err)}))
}
