package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Values are the values of the settings, where each comes from, and what is wrong with them.
type Values struct {
	declared Declaration
	found    map[string]found
	// unrelated are the variables of the file .env that aren't settings.
	unrelated []line
	// wrong are the names of settings with an error.
	wrong    map[string]bool
	errs     []error
	warnings []string
}

// found is the text of a variable, and where it was found.
type found struct{ text, origin string }

// Where a value comes from if it is in no file.
const (
	fromEnvironment = "environment"
	fromDefault     = "default"
)

// Read reads the settings from the environment, in the form of os.Environ, and from the file .env at a path, which may be
// missing. The environment takes precedence, also with an empty value, which stands for the default.
func Read(declared Declaration, environment []string, dotEnv string) *Values {
	v := &Values{declared: declared, found: map[string]found{}, wrong: map[string]bool{}}
	known := map[string]bool{}
	declared.all(func(s *Setting) { known[s.Name] = true })
	v.readFile(dotEnv, known)
	for _, variable := range environment {
		if name, text, _ := strings.Cut(variable, "="); known[name] {
			v.found[name] = found{text, fromEnvironment}
		}
	}
	declared.all(v.set)
	return v
}

// readFile reads a file .env.
func (v *Values) readFile(path string, known map[string]bool) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	file := filepath.Base(path)
	if err != nil {
		v.errs = append(v.errs, fmt.Errorf("%s: cannot read the file: %w", file, WithoutPath(err)))
		return
	}
	first := map[string]int{}
	for _, l := range parseDotEnv(content) {
		origin := fmt.Sprintf("%s, line %d", file, l.number)
		switch {
		case l.name == "", l.err != nil && !known[l.name]: // what looks like a name may be a part of a secret
			v.errs = append(v.errs, fmt.Errorf("%s: %w", origin, l.err))
		case !known[l.name]:
			v.unrelated = append(v.unrelated, l)
		default:
			if first[l.name] != 0 {
				v.warn("%s: %s replaces the value in line %d", origin, l.name, first[l.name])
			}
			first[l.name] = l.number
			v.found[l.name] = found{l.value, origin}
			v.Wrong(l.name, l.err)
		}
	}
}

// set gives a setting its value.
func (v *Values) set(s *Setting) {
	for _, text := range []string{v.defaultOf(s), v.found[s.Name].text} {
		if text != "" && !v.wrong[s.Name] {
			v.Wrong(s.Name, s.Value.set(text))
		}
	}
}

func (v *Values) defaultOf(s *Setting) string {
	if s.Unless != "" && v.IsSet(s.Unless) {
		return "false"
	}
	return s.Default
}

// IsSet reports whether a variable has a value, which may be wrong.
func (v *Values) IsSet(name string) bool { return v.found[name].text != "" }

// Wrong adds an error of a setting, with where its value comes from. It does nothing if there is no error, or an earlier one
// of that setting. The error must not contain the value, which may be a secret in the wrong place.
func (v *Values) Wrong(name string, err error) {
	if err == nil || v.wrong[name] {
		return
	}
	v.wrong[name] = true
	if origin := v.originOf(name); origin != fromDefault && origin != fromEnvironment {
		err = fmt.Errorf("%s: %s: %w", origin, name, err)
	} else {
		err = fmt.Errorf("%s: %w", name, err)
	}
	v.errs = append(v.errs, err)
}

func (v *Values) originOf(name string) string {
	if found := v.found[name]; found.text != "" || v.wrong[name] && found.origin != "" {
		return found.origin
	}
	return fromDefault
}

func (v *Values) warn(format string, arguments ...any) {
	v.warnings = append(v.warnings, fmt.Sprintf(format, arguments...))
}

// Err returns what is wrong, with a line for each variable or line of a file; nil if nothing is.
func (v *Values) Err() error { return errors.Join(v.errs...) }

// Warnings returns what is probably a mistake.
func (v *Values) Warnings() []string { return v.warnings }

// Unrelated returns the variables in the file .env that aren't settings, such as those for libraries and programs that the
// server starts.
func (v *Values) Unrelated() map[string]string {
	unrelated := make(map[string]string, len(v.unrelated))
	for _, l := range v.unrelated {
		unrelated[l.name] = l.value
	}
	return unrelated
}

// WithoutPath returns the cause of an error of a file, whose path is the value of a setting.
func WithoutPath(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}
