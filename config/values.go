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
	// known are the names of the variables that are read.
	known map[string]bool
	found map[string]found
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
// missing. The environment takes precedence, also with an empty value, which stands for the default. The value of a secret
// can be in a file that NAME_FILE names. A misspelt name is an error in the file .env, which is ours, and a warning in the
// environment, which isn't.
func Read(declared Declaration, environment []string, dotEnv string) *Values {
	v := &Values{declared: declared, known: map[string]bool{}, found: map[string]found{}, wrong: map[string]bool{}}
	declared.all(func(s *Setting) {
		v.known[s.Name] = true
		if s.Secret {
			v.known[s.Name+fileSuffix] = true
		}
	})
	inFile, inEnvironment := v.readFile(dotEnv), map[string]found{}
	for _, variable := range environment {
		name, text, _ := strings.Cut(variable, "=")
		if v.known[name] {
			inEnvironment[name] = found{text, fromEnvironment}
		} else if mistake := v.mistaken(name); mistake != "" {
			v.Warn("environment: " + mistake)
		}
	}
	declared.all(func(s *Setting) { v.find(s, inEnvironment, inFile) })
	declared.all(v.set)
	return v
}

// readFile reads a file .env.
func (v *Values) readFile(path string) map[string]found {
	read := map[string]found{}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return read
	}
	file := filepath.Base(path)
	if err != nil {
		v.errs = append(v.errs, fmt.Errorf("%s: cannot read the file: %w", file, WithoutPath(err)))
		return read
	}
	for _, l := range parseDotEnv(content) {
		origin := fmt.Sprintf("%s, line %d", file, l.number)
		switch {
		case l.name == "", l.err != nil && !v.known[l.name]: // what looks like a name may be a part of a secret
			v.errs = append(v.errs, fmt.Errorf("%s: %w", origin, l.err))
		case l.err != nil:
			v.wrongAt(origin, l.name, l.err)
		case v.known[l.name]:
			if earlier, ok := read[l.name]; ok {
				v.Warn(fmt.Sprintf("%s: %s replaces the value in %s", origin, l.name, strings.TrimPrefix(earlier.origin, file+", ")))
			}
			read[l.name] = found{l.value, origin}
		default:
			if mistake := v.mistaken(l.name); mistake != "" {
				v.errs = append(v.errs, fmt.Errorf("%s: %s", origin, mistake))
			}
			v.unrelated = append(v.unrelated, l)
		}
	}
	return read
}

// set gives a setting its value.
func (v *Values) set(s *Setting) {
	if text := v.defaultOf(s); text != "" {
		v.Wrong(s.Name, s.Value.set(text)) // also if the value is wrong, so that no other check complains
	}
	if text := v.found[s.Name].text; text != "" && !v.wrong[s.Name] {
		v.Wrong(s.Name, s.Value.set(text))
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
	v.wrongAt(v.originOf(name), name, err)
}

// wrongAt adds an error of a setting whose value comes from origin.
func (v *Values) wrongAt(origin, name string, err error) {
	if v.wrong[name] {
		return
	}
	v.wrong[name] = true
	if origin != fromDefault && origin != fromEnvironment {
		err = fmt.Errorf("%s: %s: %w", origin, name, err)
	} else {
		err = fmt.Errorf("%s: %w", name, err)
	}
	v.errs = append(v.errs, err)
}

func (v *Values) originOf(name string) string {
	if found := v.found[name]; found.text != "" {
		return found.origin
	}
	return fromDefault
}

// Warn adds something that is probably a mistake. It must not contain a value.
func (v *Values) Warn(warning string) { v.warnings = append(v.warnings, warning) }

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
