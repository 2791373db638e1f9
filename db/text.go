package db

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// This file cleans texts that people type and paste.

// cleanText returns a text of many lines with all line breaks as \n, and without other control characters, which come
// with texts that are pasted.
func cleanText(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return isControl(r) && r != '\n' && r != '\t' }) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\t':
			return r
		case '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
			return '\n'
		}
		if isControl(r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// cleanLine returns a text of one line without surrounding spaces and without characters that are invisible or reorder
// the text, and so let two different lines look the same. Those that change how their neighbours are written stay.
func cleanLine(text string) string {
	if !strings.ContainsFunc(text, isIgnorable) {
		return strings.TrimSpace(text)
	}
	runes := []rune(text)
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		var before, after rune
		if len(kept) > 0 {
			before = kept[len(kept)-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if !isIgnorable(r) || changesNeighbours(before, r, after) {
			kept = append(kept, r)
		}
	}
	return strings.TrimSpace(string(kept))
}

// isBlank reports whether a text has nothing but spaces and invisible characters.
func isBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		const brailleBlank = '\u2800'
		return !unicode.IsSpace(r) && !isIgnorable(r) && r != brailleBlank
	})
}

// isControl reports whether a character is a control character, or a line or paragraph separator.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// nameOfControl names a control character for a message.
func nameOfControl(r rune) string {
	name := "the control character"
	switch r {
	case '\t':
		name = "a tab,"
	case '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		name = "a line break,"
	}
	return fmt.Sprintf("%s %U", name, r)
}

// isIgnorable reports whether a character is invisible by itself: Unicode's property Default_Ignorable_Code_Point.
func isIgnorable(r rune) bool {
	if r < 0x80 {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) && !unicode.Is(unicode.Egyptian_Hieroglyphs, r)
}

// The characters that change how their neighbours are written.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	emojiSelector      = '\ufe0f'
	mongolianSeparator = '\u180e'
	blackFlag          = '\U0001f3f4'
	firstTag, lastTag  = '\U000e0020', '\U000e007f'
)

// joining are the scripts in which joiners change the shape of letters. Latin, for example, isn't one of them.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mandaic, unicode.Nko, unicode.Mongolian, unicode.Adlam, unicode.Hanifi_Rohingya,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu,
	unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Balinese,
	unicode.Javanese, unicode.Inherited,
}

// changesNeighbours reports whether an ignorable character between two others changes how they are written: in emoji, in
// scripts whose letters join, and for variants of ideographs.
func changesNeighbours(before, r, after rune) bool {
	switch {
	case before == 0:
		return false
	case unicode.Is(unicode.Variation_Selector, r):
		return !unicode.IsSpace(before) && !unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Variation_Selector)
	case firstTag <= r && r <= lastTag: // the flags of England and of other parts of countries
		return before == blackFlag || firstTag <= before && before < lastTag
	case r == zeroWidthJoiner && isEmoji(before) && isEmoji(after):
		return true
	case slices.Contains([]rune{zeroWidthJoiner, zeroWidthNonJoiner, mongolianSeparator}, r):
		return unicode.In(before, joining...) && unicode.In(after, joining...) && !isIgnorable(after)
	}
	return false
}

func isEmoji(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.Sm) || r == emojiSelector
}
