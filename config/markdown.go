package config

import (
	"cmp"
	"fmt"
	"strings"
)

// Markdown returns tables of all settings for the documentation.
func (d Declaration) Markdown() string {
	var text strings.Builder
	for _, group := range d {
		fmt.Fprintf(&text, "\n**%s**\n\n| variable | value | default | |\n|---|---|---|---|\n", group.Title)
		for i := range group.Settings {
			s := &group.Settings[i]
			kind := s.Value.kind
			if s.Secret {
				kind += ", secret"
			}
			fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", s.Name, kind, s.defaultMarkdown(), s.Description)
		}
	}
	return strings.TrimPrefix(text.String(), "\n")
}

func (s *Setting) defaultMarkdown() string {
	switch {
	case s.Unless != "":
		return fmt.Sprintf("`true`, with `%s` `false`", s.Unless)
	case s.Default != "" && s.Otherwise != "":
		return fmt.Sprintf("`%s` (%s)", s.Default, s.Otherwise)
	case s.Default != "":
		return "`" + s.Default + "`"
	}
	return cmp.Or(s.Otherwise, "none")
}
