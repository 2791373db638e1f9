package document

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/store"
	"crm/graph/apierror"
)

// The names of request parameters in errors, and the entries of the extensions that identify a document: Apollo's
// persistedQuery, and the documentId of GraphQL over HTTP, which the transports add to the extensions.
const (
	operationNameParam      = "operationName"
	extensionsParam         = "extensions"
	persistedQueryExtension = "persistedQuery"
	documentIDExtension     = "documentId"
)

// persistedQueryVersion is the version of Apollo's protocol.
const persistedQueryVersion = "1"

// sha256Prefix precedes a documentId that is the document's hash, as GraphQL over HTTP specifies.
const sha256Prefix = "sha256:"

// documentName identifies a document, in addition to its text or instead of it.
type documentName struct {
	id string
	// isHash means that the client claims that the id is the hash of the text, as in Apollo's protocol.
	isHash bool
}

// readDocumentName returns the name in the parameters' extensions, or an empty one.
func readDocumentName(params *graphql.RawParams) (documentName, error) {
	if len(params.Extensions) == 0 {
		return documentName{}, nil
	}
	if id, _ := params.Extensions[documentIDExtension].(string); id != "" && params.Query == "" {
		return documentName{id: strings.TrimPrefix(id, sha256Prefix)}, nil
	}
	extension, given := params.Extensions[persistedQueryExtension]
	if !given || extension == nil {
		return documentName{}, nil
	}
	const field = extensionsParam + "." + persistedQueryExtension
	entries, _ := extension.(map[string]any)
	hash, _ := entries["sha256Hash"].(string)
	switch {
	case entries == nil:
		return documentName{}, store.FieldError(store.BadInput, field, "must be an object")
	case fmt.Sprint(entries["version"]) != persistedQueryVersion:
		return documentName{}, store.FieldError(store.BadInput, field+".version", "must be %s", persistedQueryVersion)
	case hash == "":
		return documentName{}, store.FieldError(store.BadInput, field+".sha256Hash", "is required")
	}
	return documentName{id: hash, isHash: true}, nil
}

// The limits of the cache of registered documents: their number, total size and individual size.
const (
	persistedQueries     = 2_000
	persistedSource      = 8 << 20
	persistedQuerySource = 128 << 10
)

// registeredQueries are texts that clients have sent with their hashes, so later requests need only the hash: Apollo's
// automatic persisted queries. Each server keeps its own.
type registeredQueries struct{ texts *lruCache[string] }

func newRegisteredQueries() registeredQueries {
	return registeredQueries{texts: newLRUCache[string](persistedQueries, persistedSource, persistedQuerySource)}
}

// text returns the text of the document that a request contains or names.
func (q registeredQueries) text(query string, name documentName) (string, error) {
	switch {
	case name.isHash && query != "":
		return query, checkHash(query, name.id)
	case query != "":
		return query, nil
	}
	text, ok := q.texts.get(name.id)
	if !ok {
		return "", errPersistedQueryNotFound()
	}
	return text, nil
}

// register keeps the text of a document that is valid and within the limits, if the request includes its hash.
func (q registeredQueries) register(text string, name documentName) {
	if name.isHash {
		q.texts.add(name.id, text, len(text))
	}
}

// errPersistedQueryNotFound returns the error whose message Apollo's clients expect.
func errPersistedQueryNotFound() *store.Error {
	return store.Errorf(apierror.PersistedQueryNotFound, "PersistedQueryNotFound")
}

func checkHash(query, hash string) error {
	if hashOf(query) != hash {
		return store.Errorf(apierror.BadRequest, "the sha256Hash is not the hash of the query")
	}
	return nil
}

// hashOf returns the SHA-256 hash of a text, in hexadecimal.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
