package message

import (
	"slices"
	"strings"
)

// A mail program quotes the message that somebody answers, and adds a signature. Neither is marked in a way that all programs
// share, so that they are told apart by evidence: a quotation is left out only if what its program writes above it is there, and
// only where the author can't have written within or after it. In doubt, everything stays.

// signatureMark is the line above a signature (RFC 3676, 4.3).
const signatureMark = "-- "

// The most lines of what is taken for a signature, and of what stands above a quotation.
const (
	maxSignature   = 12
	maxAttribution = 4
)

// written returns what the author of a text wrote. Of a forwarded message, everything is what the author wants to be read.
func written(text string, forwarded bool) string {
	lines := strings.Split(text, "\n")
	if forwarded || slices.ContainsFunc(lines, func(line string) bool { return forwardedLine.MatchString(strings.TrimSpace(line)) }) {
		return strings.TrimSpace(text)
	}
	own := withoutQuotation(lines)
	for before := len(own) + 1; len(own) < before; {
		before = len(own)
		own = withoutSignature(own)
	}
	if isBlank(own) {
		return strings.TrimSpace(text)
	}
	return strings.TrimSpace(strings.Join(own, "\n"))
}

// withoutQuotation returns the lines without the message that they answer.
func withoutQuotation(lines []string) []string {
	marked, after := markedQuotation(lines)
	if unmarked := unmarkedQuotation(lines[:marked]); unmarked < marked {
		return lines[:unmarked]
	}
	if !isBlank(lines[:marked]) {
		return lines[:marked]
	}
	if !isBlank(lines[after:]) { // the answer is below
		return lines[after:]
	}
	return lines
}

// markedQuotation returns where the quotation behind ">" begins, with what is above it, and where it ends; both are at the end if
// there is none that can be left out. That is one at the end, or one at the beginning if it is the only one.
func markedQuotation(lines []string) (start, end int) {
	none := len(lines)
	runs := quotedRuns(lines)
	if len(runs) == 0 {
		return none, none
	}
	last := runs[len(runs)-1]
	if isBlank(lines[last.end:]) || isBlank(withoutSignature(lines[last.end:])) {
		if start, ok := attributionOf(lines, last); ok {
			return start, none
		}
		return none, none
	}
	if start, ok := attributionOf(lines, last); ok && len(runs) == 1 && isBlank(lines[:start]) {
		return start, last.end
	}
	return none, none
}

// run is a range of lines.
type run struct{ start, end int }

// quotedRuns returns the ranges of lines behind ">", which blank lines may separate.
func quotedRuns(lines []string) []run {
	var runs []run
	for i, line := range lines {
		if !isQuoted(line) {
			continue
		}
		if n := len(runs); n > 0 && isBlank(lines[runs[n-1].end:i]) {
			runs[n-1].end = i + 1
			continue
		}
		runs = append(runs, run{i, i + 1})
	}
	return runs
}

func isQuoted(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(invisible.Replace(line), " "), ">")
}

// attributionOf returns where the words begin that say who wrote a quotation: above it, or in its first lines. ok is false
// if there are none.
func attributionOf(lines []string, quoted run) (start int, ok bool) {
	above := quoted.start
	for above > 0 && quoted.start-above < 3 && isBlank(lines[above-1:above]) {
		above--
	}
	for n := 1; n <= maxAttribution && above-n >= 0 && !isBlank(lines[above-n:above-n+1]); n++ {
		if isAttribution(lines[above-n:above], true) {
			return above - n, true
		}
	}
	var within []string
	for _, line := range lines[quoted.start:min(quoted.end, quoted.start+maxAttribution)] {
		within = append(within, strings.TrimLeft(invisible.Replace(line), "> "))
		if isAttribution(within, true) {
			return quoted.start, true
		}
	}
	return 0, false
}

// isAttribution reports whether lines say when somebody wrote. If they stand above a quotation behind ">", an address and a time
// are enough, since not all languages have a word for it there.
func isAttribution(lines []string, marked bool) bool {
	text := strings.Join(strings.Fields(invisible.Replace(strings.Join(lines, " "))), " ")
	if !strings.HasSuffix(text, ":") && !strings.HasSuffix(text, "：") || !whenWritten.MatchString(text) {
		return false
	}
	addressed := mailboxWritten.MatchString(text) && yearWritten.MatchString(text)
	return addressed && marked || wrote.MatchString(text) && (marked || addressed)
}

// unmarkedQuotation returns where a message begins that nothing but its header sets apart, at the end if there is none. It must
// be below what the author wrote, who must not say that there is more within it.
func unmarkedQuotation(lines []string) int {
	for i := range lines {
		if isQuoted(lines[i]) || !beginsMessage(lines[i:]) {
			continue
		}
		start := i
		for start > 0 && (isBlank(lines[start-1:start]) || separatorLine.MatchString(strings.TrimSpace(lines[start-1])) && lines[start-1] != signatureMark) {
			start--
		}
		if isBlank(withoutSignature(lines[:start])) || pointsBelow(lines[:start]) {
			return len(lines)
		}
		return start
	}
	return len(lines)
}

// beginsMessage reports whether lines begin with the header of a message, or with who wrote the one that follows.
func beginsMessage(lines []string) bool {
	for n := 1; n <= min(maxAttribution, len(lines)); n++ {
		if isBlank(lines[n-1 : n]) {
			break
		}
		if isAttribution(lines[:n], false) && (n == 1 || !isAttribution(lines[1:n], false)) {
			return beginsUnmarked(lines[n:])
		}
	}
	if !fromLine.MatchString(lines[0]) && !toLine.MatchString(lines[0]) && !dateLine.MatchString(lines[0]) {
		return false
	}
	var from, date, subject, blanks int
	for _, line := range lines[:min(len(lines), 2*maxAttribution+2)] {
		switch line = invisible.Replace(line); {
		case isBlank([]string{line}):
			blanks++
		case fromLine.MatchString(line):
			from++
		case dateLine.MatchString(line):
			date++
		case subjectLine.MatchString(line):
			subject++
		}
		if from > 0 && date > 0 && subject > 0 {
			return true
		}
		if blanks > 1 {
			return false
		}
	}
	return false
}

// beginsUnmarked reports whether the first line with a text isn't behind ">".
func beginsUnmarked(lines []string) bool {
	for i := range lines {
		if !isBlank(lines[i : i+1]) {
			return !isQuoted(lines[i])
		}
	}
	return false
}

// pointsBelow reports whether the author says that there is more below.
func pointsBelow(lines []string) bool {
	text := strings.ToLower(strings.Join(lines, " "))
	return slices.ContainsFunc(answersWithin, func(words string) bool { return strings.Contains(text, words) })
}

// withoutSignature returns the lines without one signature at their end: one below a mark, or the line of a telephone's program.
func withoutSignature(lines []string) []string {
	end := len(lines)
	for end > 0 && isBlank(lines[end-1:end]) {
		end--
	}
	if end > 0 && isDeviceLine.MatchString(strings.Trim(strings.TrimSpace(invisible.Replace(lines[end-1])), "*_")) {
		return lines[:end-1]
	}
	for i := end - 1; i >= max(0, end-1-maxSignature); i-- {
		if lines[i] == signatureMark {
			return lines[:i]
		}
	}
	return lines
}

func isBlank(lines []string) bool {
	return !slices.ContainsFunc(lines, func(line string) bool { return strings.TrimSpace(invisible.Replace(line)) != "" })
}
