package entity

import (
	"encoding/hex"
	"strings"

	"crm/db/store"
)

// Kind is the prefix of a global id, which identifies the entity.
type Kind string

// GlobalID returns the id that clients use for the document; it is unique across all kinds.
func (k Kind) GlobalID(id store.ID) string { return string(k.AppendGlobalID(make([]byte, 0, 32), id)) }

// AppendGlobalID appends what GlobalID returns.
func (k Kind) AppendGlobalID(buf []byte, id store.ID) []byte {
	return hex.AppendEncode(append(append(buf, k...), '_'), id[:])
}

// ParseGlobalID splits a global id into its kind and the document's id.
func (c *Catalog) ParseGlobalID(text string) (Kind, store.ID, error) {
	prefix, digits, _ := strings.Cut(text, "_")
	kind := Kind(prefix)
	id, err := store.ParseID(digits)
	if c.ByKind(kind) == nil || err != nil {
		return "", store.ID{}, store.Errorf(store.BadInput, "is not an id of this server")
	}
	return kind, id, nil
}

// ParseGlobalIDOf returns the document's id in a global id of that kind; for an id of another kind, the error says
// which.
func (c *Catalog) ParseGlobalIDOf(wanted Kind, text string) (store.ID, error) {
	kind, id, err := c.ParseGlobalID(text)
	if err != nil {
		return store.ID{}, err
	}
	if kind != wanted {
		return store.ID{}, store.Errorf(store.BadInput, "is the id of %s, not of %s",
			withArticle(c.ByKind(kind).Noun), withArticle(c.ByKind(wanted).Noun))
	}
	return id, nil
}

func withArticle(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) && noun != "user" {
		return "an " + noun
	}
	return "a " + noun
}
