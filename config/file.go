package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// fileSuffix ends the names of variables that name the file of a secret, such as SMTP_PASSWORD_FILE.
const fileSuffix = "_FILE"

// maxSecret is the size of the largest file that can be that of a secret.
const maxSecret = 64 << 10

// find returns the value of a setting from the first place that has it.
func (v *Values) find(s *Setting, places ...map[string]found) {
	for _, place := range places {
		value, isSet := place[s.Name]
		var file found
		if s.Secret {
			file = place[s.Name+fileSuffix]
		}
		switch {
		case value.text != "" && file.text != "":
			v.wrongAt(file.origin, s.Name, fmt.Errorf("only one of %s and %s%s can be set", s.Name, s.Name, fileSuffix))
		case file.text != "":
			text, err := readSecret(file.text)
			if err != nil {
				v.wrongAt(file.origin, s.Name, fmt.Errorf("cannot read the file that %s%s names: %w", s.Name, fileSuffix, err))
				return
			}
			v.found[s.Name] = found{text, "file " + file.text}
		case isSet:
			v.found[s.Name] = value
		default:
			continue
		}
		return
	}
}

// readSecret reads a secret from a file, without the line break at its end. Its error contains neither the path, which may
// be the secret itself, nor the content.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", WithoutPath(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", WithoutPath(err)
	}
	text := strings.TrimRight(strings.TrimPrefix(string(content), "\ufeff"), "\r\n")
	switch {
	case len(content) > maxSecret:
		return "", errors.New("it is too large")
	case text == "":
		return "", errors.New("it is empty")
	case !utf8.ValidString(text):
		return "", errors.New("it is not UTF-8")
	case strings.ContainsFunc(text, isControl):
		return "", errors.New("it has more than one line, or a control character")
	}
	return text, nil
}
