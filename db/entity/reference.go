package entity

import (
	"fmt"
	"strings"
	"unicode"
)

// Reference says that the documents of an entity belong to those of another, their owner, whose id a field holds. It is
// written as a tag: `belongs:"Customer.notes,cascade"` says that the field holds a customer's id, that the documents
// are the customer's notes in the API, and that they are deleted with the customer. Without ".notes" the owner has no
// list of them.
type Reference struct {
	// Field is the stored field that holds the owner's id.
	Field string
	// Owner is the owner's Go type, List the name of its list of these documents; List may be empty.
	Owner, List string
	OnDelete    DeleteRule
	// role is the role of an owner that is an account; see Party.
	role string
}

// DeleteRule says what the deletion of an owner does with its dependents.
type DeleteRule string

// The rules.
const (
	// Refuse refuses the deletion, unless cascade is requested.
	Refuse DeleteRule = "refuse"
	// Cascade deletes the dependents, too.
	Cascade DeleteRule = "cascade"
	// Detach clears the reference.
	Detach DeleteRule = "detach"
	// Keep leaves the dependents unchanged.
	Keep DeleteRule = "keep"
)

func parseReference(field, text string) Reference {
	path, rule, _ := strings.Cut(text, ",")
	owner, list, _ := strings.Cut(path, ".")
	r := Reference{
		Field: field, Owner: owner, List: list, OnDelete: DeleteRule(rule),
		role: strings.ReplaceAll(strings.TrimSuffix(field, "_id"), "_", " "),
	}
	switch r.OnDelete {
	case Refuse, Cascade, Detach, Keep:
		return r
	}
	panic(fmt.Sprintf("%s: %q is not a deletion rule", field, rule))
}

// Name is the name of the document's API field for the owner: "customer".
func (r Reference) Name() string { return CamelCase(strings.TrimSuffix(r.Field, "_id")) }

// CamelCase converts a name in the database to the one in the API: "customer_id" becomes "customerId".
func CamelCase(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		if part != "" {
			parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

// SnakeCase converts a name in Go or in the API to the one in the database: "CustomerNote" becomes "customer_note".
func SnakeCase(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
