package textkey

import (
	"bytes"
	"errors"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Collation is the order of a language; the zero value is the one that suits most languages.
type Collation struct{ tag language.Tag }

// ParseCollation reads a locale such as de, sv or de-u-co-phonebk.
func ParseCollation(text string) (Collation, error) {
	if text == "" {
		return Collation{}, nil
	}
	tag, err := language.Parse(text)
	if err != nil {
		return Collation{}, errors.New("must be a locale, such as de or sv")
	}
	return Collation{tag: tag}, nil
}

// collator makes sort keys, one at a time.
type collator struct {
	mutex    sync.Mutex
	collator *collate.Collator
	buffer   collate.Buffer
}

func newCollator(c Collation) *collator {
	return &collator{collator: collate.New(c.tag, collate.IgnoreCase, collate.Numeric)}
}

// maxOrdered is how many characters of a text determine its place in an order.
const maxOrdered = 300

// Order returns a key by whose bytes texts are in the order of the operator's language, regardless of case and with numbers
// by their value: Äpfel before Zebra, and Team 2 before Team 10.
func (k *Keys) Order(text string) string {
	if runes := []rune(text); len(runes) > maxOrdered {
		text = string(runes[:maxOrdered])
	}
	k.collator.mutex.Lock()
	defer k.collator.mutex.Unlock()
	k.collator.buffer.Reset()
	return encodeWeights(k.collator.collator.KeyFromString(&k.collator.buffer, text))
}

// encodeWeights writes weights as text in the same order, without NUL. Weights of letters without accents at the end are
// left out: they are the lowest, so the shorter key is before others, as it should be.
func encodeWeights(weights []byte) string {
	var plain, separator = []byte{0x00, 0x20}, []byte{0x00, 0x00}
	for bytes.HasSuffix(weights, plain) {
		weights = weights[:len(weights)-len(plain)]
	}
	weights = bytes.TrimSuffix(weights, separator)
	encoded := make([]rune, len(weights))
	for i, weight := range weights {
		encoded[i] = rune(weight) + 1
	}
	return string(encoded)
}
