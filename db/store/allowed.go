package store

import (
	"slices"
	"strconv"
	"strings"
)

// Allowed is a value that a field may have, as text, and the other words that are read as this value.
type Allowed struct {
	Text  string
	Words []string
}

// parseValues parses the tag values: "open in_progress resolved=solved,fixed".
func parseValues(tag string) []Allowed {
	var values []Allowed
	for text := range strings.FieldsSeq(tag) {
		value, words, _ := strings.Cut(text, "=")
		allowed := Allowed{Text: value}
		if words != "" {
			allowed.Words = strings.Split(words, ",")
		}
		values = append(values, allowed)
	}
	return values
}

// Allows reports whether the field may have the value.
func (f *Field) Allows(value any) bool {
	if f.Values == nil {
		return true
	}
	switch v := value.(type) {
	case string:
		return f.allows(v)
	case int:
		return f.allows(strconv.Itoa(v))
	}
	return false
}

func (f *Field) allows(text string) bool {
	for i := range f.Values {
		if f.Values[i].Text == text {
			return true
		}
	}
	return false
}

// Normal returns the allowed value that a text stands for, whatever its case, spaces and hyphens; known is false if it
// stands for none, and the value is the default then.
func (f *Field) Normal(text string) (value string, known bool) {
	if f.allows(text) {
		return text, true
	}
	wanted := letters(text)
	for _, allowed := range f.Values {
		if letters(allowed.Text) == wanted || slices.Contains(allowed.Words, wanted) {
			return allowed.Text, true
		}
	}
	value, _ = f.Default.(string)
	return value, false
}

// letters returns a word in lower case and without what separates its parts: "In-Progress " and "in_progress" are equal.
func letters(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\u00a0_-", r) {
			return -1
		}
		return r
	}, text))
}

// Correct replaces a value that the field may not have, after it was read into one of a document's pointers.
func (f *Field) Correct(pointer any) {
	switch p := pointer.(type) {
	case *string:
		*p, _ = f.Normal(*p)
	case *int:
		if !f.allows(strconv.Itoa(*p)) {
			*p, _ = f.Default.(int)
		}
	}
}
