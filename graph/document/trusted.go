package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/config"
	"crm/db/store"
	"crm/graph/apierror"
)

// Trusted are the only documents that a server runs, if it has any.
type Trusted struct {
	// byName maps ids and hashes to documents, byText maps texts.
	byName, byText map[string]*Document
}

// ReadTrusted reads a manifest of Apollo's generate-persisted-query-manifest or of Relay's compiler, and
// checks every document in it against the schema and the limits. Its error names the invalid document.
func ReadTrusted(path string, schema *ast.Schema, limits Limits) (*Trusted, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", config.WithoutPath(err))
	}
	texts, err := parseManifest(content)
	if err != nil {
		return nil, fmt.Errorf("cannot read the trusted documents: %w", err)
	}
	trusted := &Trusted{byName: map[string]*Document{}, byText: map[string]*Document{}}
	checking := NewLoader(Config{Schema: schema, Limits: limits, Introspection: true})
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		doc, errs := checking.load(texts[id])
		if len(errs) > 0 {
			return nil, fmt.Errorf("document %q is refused: %s", apierror.Shorten(id), errs[0].Message)
		}
		trusted.byName[id], trusted.byName[hashOf(doc.text)], trusted.byText[doc.text] = doc, doc, doc
	}
	return trusted, nil
}

// manifestFormat identifies an Apollo manifest.
const manifestFormat = "apollo-persisted-query-manifest"

// parseManifest returns the texts by id. Apollo's manifest names its format; Relay's is just a map from ids to texts.
func parseManifest(content []byte) (map[string]string, error) {
	var manifest struct {
		Format     any
		Version    int
		Operations []struct{ ID, Body string }
	}
	var texts map[string]string
	err := json.Unmarshal(content, &manifest)
	switch {
	case err == nil && manifest.Format == manifestFormat && manifest.Version == 1:
		texts = make(map[string]string, len(manifest.Operations))
		for i, operation := range manifest.Operations {
			if operation.ID == "" || operation.Body == "" {
				return nil, fmt.Errorf("operation %d has no id or no body", i)
			}
			if known, ok := texts[operation.ID]; ok && known != operation.Body {
				return nil, fmt.Errorf("two operations have the id %q", apierror.Shorten(operation.ID))
			}
			texts[operation.ID] = operation.Body
		}
	case err == nil && manifest.Format == manifestFormat:
		return nil, errors.New("the manifest's version is not 1")
	case json.Unmarshal(content, &texts) != nil:
		return nil, errors.New("it is neither an Apollo nor a Relay persisted-query manifest")
	}
	if len(texts) == 0 {
		return nil, errors.New("it contains no documents")
	}
	return texts, nil
}

// find returns the document that a request contains or names.
func (d *Trusted) find(query string, name documentName) (*Document, error) {
	if query == "" {
		if doc, ok := d.byName[name.id]; ok {
			return doc, nil
		}
		return nil, errPersistedQueryNotFound()
	}
	if doc, ok := d.byText[query]; ok {
		return doc, nil
	}
	return nil, store.Errorf(apierror.QueryNotTrusted, "this server runs only trusted documents, and this is not one of them")
}
