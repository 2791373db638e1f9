package transport

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/store"
	"crm/graph/apierror"
)

// maxBatch is the maximum number of operations in a batch.
const maxBatch = 10

// parseBody reads the JSON of a POST or of a socket's message: an operation, or a batch of them if that is allowed. A large
// body waits for a slot.
func (e *runner) parseBody(ctx context.Context, body []byte, batching bool) (request, *refusal) {
	release, err := e.large.acquire(ctx, len(body))
	if err != nil {
		return request{}, &refusal{status: http.StatusServiceUnavailable, ofOperation: true, err: err}
	}
	defer release()
	const byteOrderMark = "\ufeff"
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte(byteOrderMark)))
	if !batching && len(body) > 0 && body[0] == '[' {
		return request{}, refuse(http.StatusBadRequest, "batching is not supported: send one operation per request")
	}
	value, refused := parseJSON(body, e.limits)
	if refused != nil {
		return request{}, refused
	}
	switch given := value.(type) {
	case map[string]any:
		params, refused := parseParams(given)
		return request{operations: []requested{{params: params}}}, refused
	case []any:
		return parseBatch(given)
	}
	return request{}, refuse(http.StatusBadRequest, "the body must be a JSON object")
}

func parseJSON(body []byte, limits Limits) (any, *refusal) {
	if len(body) == 0 {
		return nil, refuse(http.StatusBadRequest, "the body is empty")
	}
	reader := newJSONReader(limits.Values)
	value, err := reader.read(body)
	switch {
	case errors.Is(err, errTooManyValues):
		return nil, &refusal{status: http.StatusBadRequest, ofOperation: true, err: reader.tooManyValues("the body")}
	case err != nil:
		if refused := badUnicode(body, err, ""); refused != nil {
			return nil, refused
		}
		return nil, refuse(http.StatusBadRequest, "the body is not JSON")
	}
	return value, nil
}

func parseBatch(list []any) (request, *refusal) {
	switch {
	case len(list) == 0:
		return request{}, refuse(http.StatusBadRequest, "the batch is empty")
	case len(list) > maxBatch:
		return request{}, &refusal{status: http.StatusBadRequest, err: store.Errorf(
			apierror.QueryTooComplex, "the batch has %d operations; at most %d are allowed", len(list), maxBatch,
		)}
	}
	batch := request{operations: make([]requested, len(list)), isBatch: true}
	for i, item := range list {
		operation := &batch.operations[i]
		if given, ok := item.(map[string]any); ok {
			operation.params, operation.refused = parseParams(given)
		} else {
			operation.refused = refuse(http.StatusBadRequest, "an operation of a batch must be a JSON object")
		}
	}
	return batch, nil
}

// readParams reads the parameters in a socket's message, which is one operation.
func (e *runner) readParams(ctx context.Context, payload []byte) (*graphql.RawParams, *refusal) {
	given, refused := e.parseBody(ctx, payload, false)
	if refused != nil {
		return nil, refused
	}
	return given.operations[0].params, nil
}
