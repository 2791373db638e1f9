// Package textkey makes the keys that are stored beside texts, so that an index can find, compare and sort them as people
// expect: regardless of case, of accents, or of how a telephone number is written.
package textkey

import (
	"fmt"
	"strings"
)

// Kind is a kind of key.
type Kind string

// The kinds of keys.
const (
	// Folded keys are equal for texts that differ only in case or in Unicode composition; see Fold.
	Folded Kind = "fold"
	// Searched keys are equal for texts that differ only in case, accents, width or spacing; see Search.
	Searched Kind = "search"
	// Ordered keys are in the order of the operator's language; see Keys.Order.
	Ordered Kind = "order"
	// Digits keys contain all forms of a telephone number; see Keys.Digits.
	Digits Kind = "digits"
	// International keys are telephone numbers in international form; see Keys.International.
	International Kind = "international"
)

// Kinds are all kinds.
var Kinds = []Kind{Folded, Searched, Ordered, Digits, International}

// Keys makes the keys that depend on the operator's settings.
type Keys struct {
	region    Region
	collation Collation
	collator  *collator
}

// New returns the keys for telephone numbers of a region and for the order of a language.
func New(region Region, collation Collation) *Keys {
	return &Keys{region: region, collation: collation, collator: newCollator(collation)}
}

// Default returns the keys of an operator who has set nothing.
func Default() *Keys { return New("", Collation{}) }

// Of returns the key of that kind, nil if there is none.
func (k *Keys) Of(kind Kind, text string) *string {
	key := ""
	switch kind {
	case International:
		return k.International(&text)
	case Digits:
		key = k.Digits(text)
	case Searched:
		key = Search(text)
	case Ordered:
		key = k.Order(text)
	default:
		key = Fold(text)
	}
	return &key
}

// version changes when the program makes other keys than before from the same text and settings.
const version = 2

// Signature identifies the keys that are made. If the stored keys have another one, they have to be made again.
func (k *Keys) Signature() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", version, k.collation.tag, k.region))
}

// Optional returns the key of a text that may be missing.
func Optional(text *string, key func(string) string) *string {
	if text == nil {
		return nil
	}
	made := key(*text)
	return &made
}
