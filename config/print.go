package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// mask stands for the value of a secret. It says nothing about its length.
const mask = "********"

// Print writes all settings: what is in force, except for secrets, and where it comes from.
func (v *Values) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, group := range v.declared {
		if i > 0 {
			_, _ = fmt.Fprintln(table)
		}
		_, _ = fmt.Fprintf(table, "# %s (%s)\n", group.Title, group.Reader)
		for i := range group.Settings {
			s := &group.Settings[i]
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, v.inForce(s), v.originOf(s.Name))
		}
		if err := table.Flush(); err != nil { // each group has columns of its own
			return fmt.Errorf("cannot write the settings: %w", err)
		}
	}
	return nil
}

// inForce returns the value of a setting for people.
func (v *Values) inForce(s *Setting) string {
	text := v.found[s.Name].text
	switch {
	case v.wrong[s.Name]:
		return "(wrong)"
	case text != "" && s.Secret:
		return mask
	case text == "" && v.defaultOf(s) != "":
		text = v.defaultOf(s)
	case text == "" && s.Otherwise != "":
		return "(" + strings.ReplaceAll(s.Otherwise, "`", "") + ")"
	case text == "":
		return "(none)"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
