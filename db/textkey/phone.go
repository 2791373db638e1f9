package textkey

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Region is a country whose telephone numbers are written without their country code: the two letters of ISO 3166, or
// empty for none.
type Region string

// ParseRegion reads a region.
func ParseRegion(text string) (Region, error) {
	region := strings.ToUpper(text)
	if region != "" && !phonenumbers.GetSupportedRegions()[region] {
		return "", errors.New("must be the two letters of a country, such as DE")
	}
	return Region(region), nil
}

var (
	// remark matches words in brackets and words before or after a number, but not letters that belong to it, as in
	// 1-800-FLOWERS.
	remark = regexp.MustCompile(`\([^()0-9]*\)|(?:^|[ ,;:])\pL[\pL\pM.]*(?:[ ,;:]|$)`)
	// extension matches what follows the number of a switchboard.
	extension = regexp.MustCompile(`(?i)[ ,;(]*(?:;ext=|e?xt(?:ensi[oó]n?|n)?|#|x|durchwahl|app(?:arat)?|dw|int(?:erno)?|anexo|poste|доб(?:авочный)?)[.:=]?[ #]*([0-9]{1,9})#?\)?\s*$`)
	// separator separates several numbers in one text, and slash may: it also stands within a number, after the area code.
	separator = regexp.MustCompile(`[,;|]`)
	slash     = regexp.MustCompile(`\s/\s`)
	// trunk matches the zero that is left out when the country code is dialled.
	trunk = regexp.MustCompile(`\(0\)`)
)

// written is a telephone number as it was written, in parts.
type written struct {
	// number has ASCII digits, and no remarks.
	number    string
	extension string
	remarks   []string
}

func readPhone(text string) written {
	var w written
	rest := plain(text)
	if found := extension.FindStringSubmatchIndex(rest); found != nil {
		w.extension, rest = rest[found[2]:found[3]], rest[:found[0]]
	}
	// Adjacent remarks share a separator, so a pass may leave some.
	for remark.MatchString(rest) {
		rest = remark.ReplaceAllStringFunc(rest, func(found string) string {
			if word := Fold(strings.Trim(found, " ,;:().")); word != "" {
				w.remarks = append(w.remarks, word)
			}
			return " , "
		})
	}
	w.number = strings.Trim(rest, " ,;:")
	return w
}

// parse returns the numbers that the text consists of, and their digits as they were written.
func (w written) parse(region Region) (parsed []*phonenumbers.PhoneNumber, digits []string) {
	for _, part := range w.parts(region) {
		if written := digitsIn(part); written != "" {
			digits = append(digits, written)
		}
		number, err := phonenumbers.Parse(part, region.code())
		if err != nil {
			continue
		}
		isInternational := strings.HasPrefix(strings.TrimLeft(part, " ("), "+")
		if phonenumbers.IsValidNumber(number) || isInternational && phonenumbers.IsPossibleNumber(number) {
			number.Extension = nil
			parsed = append(parsed, number)
		}
	}
	return parsed, digits
}

// parts returns what is probably one number each. What a slash follows is one if it is valid; else it may be an area code, as in
// 030 / 1234567.
func (w written) parts(region Region) (parts []string) {
	for _, text := range separator.Split(w.number, -1) {
		pieces := slash.Split(text, -1)
		for len(pieces) > 0 {
			n := 1
			for n < len(pieces) && !region.isValid(strings.Join(pieces[:n], " ")) {
				n++
			}
			number := strings.Join(pieces[:n], " ")
			if !region.isValid(number) {
				n, number = 1, pieces[0]
			}
			parts, pieces = append(parts, number), pieces[n:]
		}
	}
	return parts
}

// code is the region for package phonenumbers.
func (r Region) code() string { return cmp.Or(string(r), phonenumbers.UNKNOWN_REGION) }

func (r Region) isValid(text string) bool {
	number, err := phonenumbers.Parse(text, r.code())
	return err == nil && phonenumbers.IsValidNumber(number)
}

// International returns a telephone number in the form that can be dialled from everywhere, such as +49301234567 (E.164),
// and nil if there is none or that form isn't known. Of several numbers, it is the first.
func (k *Keys) International(text *string) *string {
	if text == nil {
		return nil
	}
	parsed, _ := readPhone(*text).parse(k.region)
	if len(parsed) == 0 {
		return nil
	}
	number := phonenumbers.Format(parsed[0], phonenumbers.E164)
	return &number
}

// Digits returns a key that contains all forms of a telephone number, each as a word between spaces: the digits of its
// international and national forms and as it was written, its extension after an x, and remarks such as "private".
func (k *Keys) Digits(text string) string {
	w := readPhone(text)
	var words []string
	add := func(word string) {
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	parsed, digits := w.parse(k.region)
	for _, number := range parsed {
		add(digitsIn(phonenumbers.Format(number, phonenumbers.E164)))
		add(digitsIn(phonenumbers.Format(number, phonenumbers.NATIONAL)))
	}
	for _, written := range digits {
		add(written)
	}
	if w.extension != "" {
		add("x" + w.extension)
	}
	for _, remark := range w.remarks {
		add(remark)
	}
	return " " + strings.Join(words, " ") + " "
}

// Sought is what somebody searches for in keys of the kind Digits.
type Sought struct {
	// Digits are those of a number in any form, or of a part of one, without what isn't dialled after a country code.
	Digits string
	// Words are its extension after an x, and remarks; of a text without a number, all of it.
	Words []string
}

// SoughtDigits reads what somebody searches for.
func SoughtDigits(text string) Sought {
	w := readPhone(text)
	sought := Sought{Digits: digitsIn(trunkless(w.number)), Words: w.remarks}
	if w.extension != "" {
		sought.Words = append(sought.Words, "x"+w.extension)
	}
	if sought.Digits == "" && w.extension == "" {
		sought.Words = nil
		if words := Fold(strings.TrimSpace(plain(text))); words != "" {
			sought.Words = []string{words}
		}
	}
	return sought
}

// trunkless returns a number without what isn't dialled after a country code: +49 (0)30 and 0049 30 are +49 30.
func trunkless(number string) string {
	const international = "00"
	if strings.HasPrefix(number, international) {
		number = "+" + number[len(international):]
	}
	if strings.HasPrefix(strings.TrimLeft(number, "( "), "+") {
		return trunk.ReplaceAllString(number, "")
	}
	return number
}
