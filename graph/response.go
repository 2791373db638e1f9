package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db"
)

// The media types of GraphQL answers.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// negotiate returns the media type that the Accept headers prefer; ok is false if they allow neither. For no wish in
// particular it is application/json, which every client understands.
func negotiate(accept []string) (media string, ok bool) {
	list := strings.Join(accept, ",")
	if strings.TrimSpace(list) == "" {
		return mediaJSON, true
	}
	best := 0.0
	for _, part := range strings.Split(list, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality, isExact := 1.0, true
		if q, given := params["q"]; given {
			quality, _ = strconv.ParseFloat(q, 64)
		}
		switch name {
		case mediaGraphQL, mediaJSON:
		case "*/*", "application/*":
			name, isExact = mediaJSON, false
		default:
			continue
		}
		if quality > best || quality == best && quality > 0 && isExact && name == mediaGraphQL {
			best, media = quality, name
		}
	}
	if media == "" {
		return mediaJSON, false
	}
	return media, true
}

// requestErrorStatus returns the status for a request whose operation was not run. Clients of application/json expect
// 200 wherever the answer is one that GraphQL gives.
func requestErrorStatus(media string, errs gqlerror.List) int {
	for _, err := range errs {
		switch codeOf(err) {
		case InternalError:
			return http.StatusInternalServerError
		case db.RateLimited:
			if media != mediaJSON {
				return http.StatusTooManyRequests
			}
		case PersistedQueryNotFound:
			return http.StatusOK // the client sends the text then; an error of HTTP could keep it from that
		}
		if fields, _ := err.Extensions["fields"].([]fieldProblem); len(fields) == 1 && fields[0].Path == operationNameParam {
			return http.StatusBadRequest
		}
	}
	if media == mediaJSON {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// answerFormat is how an answer is written: as the client would have it.
type answerFormat struct {
	media string
	// varies tells that the client said what encodings it accepts.
	varies bool
	// compressor is needed where there is an encoding.
	encoding   contentEncoding
	compressor *compressor
}

// writeResponse writes an answer; one that was not executed has no data entry.
func writeResponse(w http.ResponseWriter, format answerFormat, status int, response *graphql.Response) {
	body, err := marshalResponse(response)
	if err != nil {
		status = http.StatusInternalServerError
		body = fmt.Appendf(nil, `{"errors":[{"message":"internal error","extensions":{"code":%q}}]}`, InternalError)
	}
	header := w.Header()
	header.Set("Content-Type", format.media+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if format.varies {
		header.Add("Vary", "Accept-Encoding")
	}
	write := func(body []byte) {
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
	if format.encoding == notEncoded || len(body) < minCompressed {
		write(body)
		return
	}
	header.Set("Content-Encoding", string(format.encoding))
	format.compressor.compress(format.encoding, body, write)
}

// marshalResponse writes the answer as JSON, the errors first for clients that show them. The data is JSON already, and
// is not read again.
func marshalResponse(response *graphql.Response) ([]byte, error) {
	var buffer bytes.Buffer
	buffer.Grow(len(response.Data) + 64)
	entry := func(name string, value []byte) {
		if buffer.Len() == 0 {
			buffer.WriteByte('{')
		} else {
			buffer.WriteByte(',')
		}
		fmt.Fprintf(&buffer, "%q:", name)
		buffer.Write(value)
	}
	if len(response.Errors) > 0 {
		errs, err := json.Marshal(response.Errors)
		if err != nil {
			return nil, fmt.Errorf("cannot marshal errors: %w", err)
		}
		entry("errors", errs)
	}
	if response.Data != nil {
		entry("data", response.Data)
	}
	if len(response.Extensions) > 0 {
		extensions, err := json.Marshal(response.Extensions)
		if err != nil {
			return nil, fmt.Errorf("cannot marshal extensions: %w", err)
		}
		entry("extensions", extensions)
	}
	buffer.WriteByte('}')
	return buffer.Bytes(), nil
}
