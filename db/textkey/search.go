package textkey

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// pairMark precedes each pair of characters that Search appends. No searched text contains it.
const pairMark = '\x1f'

// Search returns a key by which a text is found regardless of case, accents, width and spacing: jose finds José. Chinese,
// Japanese and Korean words are often two characters long, and an engine indexes sequences of three. So each pair with such
// a character follows the text, after a mark.
func Search(text string) string {
	folded := simplify(text)
	return folded + strings.Join(pairsIn([]rune(folded)), "")
}

// Prefix returns what the keys of texts begin with that begin with this text.
func Prefix(text string) string { return simplify(text) }

// Part returns what the keys of texts contain that contain this text, and its number of characters that an engine can
// find: a pair counts as three.
func Part(text string) (part string, length int) {
	part = simplify(text)
	runes := []rune(part)
	if pairs := pairsIn(runes); len(runes) == 2 && len(pairs) == 1 {
		return pairs[0], 3
	}
	return part, len(runes)
}

// pairsIn returns each pair of adjacent characters once, after a mark, if at least one of the two is Chinese, Japanese or Korean.
func pairsIn(runes []rune) []string {
	var pairs []string
	seen := make(map[[2]rune]bool)
	for i := range len(runes) - 1 {
		pair := [2]rune{runes[i], runes[i+1]}
		if (isCJK(pair[0]) || isCJK(pair[1])) && pair[0] != ' ' && pair[1] != ' ' && !seen[pair] {
			seen[pair] = true
			pairs = append(pairs, string([]rune{pairMark, pair[0], pair[1]}))
		}
	}
	return pairs
}

func isCJK(r rune) bool {
	const longVowel = 'ー' // which belongs to two scripts
	return r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r == longVowel)
}

// simplify folds case and width, and drops accents and invisible characters.
func simplify(text string) string {
	if isSimple(text) {
		return text
	}
	decomposed := []rune(norm.NFKD.String(cases.Fold().String(norm.NFKD.String(text))))
	kept := make([]rune, 0, len(decomposed))
	for i, r := range decomposed {
		digit, isDigit := digitOf(r)
		switch {
		case isDigit:
			kept = append(kept, rune(digit))
		case unicode.IsSpace(r) || unicode.IsControl(r):
			if len(kept) == 0 || kept[len(kept)-1] != ' ' {
				kept = append(kept, ' ')
			}
		case i > 0 && r == breve && decomposed[i-1] == 'и': // й is another letter
			kept = append(kept, r)
		case isDropped(r):
		default:
			if letters, ok := plainLetters[r]; ok {
				kept = append(kept, []rune(letters)...)
			} else {
				kept = append(kept, r)
			}
		}
	}
	return norm.NFC.String(string(kept))
}

// isSimple reports whether a text is its own simple form: letters of ASCII in lower case, without repeated spaces.
func isSimple(text string) bool {
	before := byte(0)
	for i := range len(text) {
		b := text[i]
		if b < ' ' || b > '~' || 'A' <= b && b <= 'Z' || b == ' ' && before == ' ' {
			return false
		}
		before = b
	}
	return true
}

const (
	breve     = '\u0306'
	kashida   = '\u0640' // which only lengthens a word
	alefWasla = '\u0671'
)

// isDropped reports whether a decomposed character doesn't count: an accent or a vowel sign that is often left out, or an
// invisible character. The marks of Indian scripts, of Japanese and of others are letters to their readers.
func isDropped(r rune) bool {
	if r < 0x80 {
		return false
	}
	if r == kashida || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return true
	}
	const kanaMarks, lastKanaMark = '\u3099', '\u309a'
	return unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Inherited, unicode.Arabic, unicode.Hebrew, unicode.Cyrillic, unicode.Syriac) &&
		(r < kanaMarks || r > lastKanaMark)
}

// plainLetters are what people type instead of characters that don't decompose.
var plainLetters = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'ħ': "h", 'ŧ': "t", 'ı': "i", 'ŋ': "n", 'æ': "ae", 'œ': "oe", 'þ': "th",
	'’': "'", '‘': "'", 'ʼ': "'", '′': "'", '“': `"`, '”': `"`, '„': `"`, '«': `"`, '»': `"`,
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '―': "-", '−': "-", alefWasla: "ا",
}
