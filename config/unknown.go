package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// foreign matches names that begin like settings, but belong to others: the image of MongoDB, and the variables that Docker
// and Kubernetes set in a container for each service with a name like mongo.
var foreign = regexp.MustCompile(`^MONGO_INITDB_|_SERVICE_(HOST|PORT)(_|$)|_PORT_[0-9]+_(TCP|UDP)|^MONGO_(PORT|NAME|TEST_URI)$|_ENV_`)

// mistaken returns what to say about a variable that is not a setting but was probably meant to be one: its name begins with
// a prefix of ours, or differs from that of a setting by one letter. It returns nothing about any other name.
func (v *Values) mistaken(name string) string {
	upper := strings.ToUpper(name)
	if foreign.MatchString(upper) {
		return ""
	}
	nearest, errors := v.nearest(upper)
	ours := slices.ContainsFunc(v.declared, func(g Group) bool { return g.Prefix != "" && strings.HasPrefix(upper, g.Prefix) })
	switch {
	case errors <= 1, ours && errors <= len(upper)/4:
		return name + " is not a setting; did you mean " + nearest + "?"
	case ours:
		return name + " is not a setting; crm config lists them"
	}
	return ""
}

// nearest returns the known name with the fewest errors to a name, and their number.
func (v *Values) nearest(name string) (nearest string, errors int) {
	for i, known := range slices.Sorted(maps.Keys(v.known)) {
		if n := distance(name, known); i == 0 || n < errors {
			nearest, errors = known, n
		}
	}
	return nearest, errors
}

// distance returns how many letters must be added, left out, replaced or exchanged with the next to turn a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(last[j], row[j-1], last[j-1]) + 1
			if a[i-1] == b[j-1] {
				row[j] = last[j-1]
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
