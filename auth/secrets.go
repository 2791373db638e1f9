package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"crm/config"
)

// Secrets are the keys of a server.
type Secrets struct {
	// User and Customer sign the access tokens.
	User, Customer Keys
	// General signs other data that clients send back: the cursors of pages. The tokens of mailed links derive from it, too.
	General Keys
}

// The environment variables that hold the secrets.
const (
	generalVariable  = "SECRET_KEY"
	userVariable     = "USER_SECRET_KEY"
	customerVariable = "CUSTOMER_SECRET_KEY"
)

// Settings declares the variables that hold the secrets.
func (s *Secrets) Settings() []config.Setting {
	keys := func(name string, target *Keys, description string) config.Setting {
		parse := func(list string) (Keys, error) { return ParseKeys(list), nil }
		return config.Setting{
			Name: name, Value: config.Parsed(target, "keys", parse), Secret: true,
			Otherwise: "made once, kept in `DATA_DIR`", Description: description,
		}
	}
	return []config.Setting{
		keys(generalVariable, &s.General, "signs cursors, and makes the tokens of mailed links; required with `MONGO_URI`. At least 12 characters, better 32. If there are several, comma-separated, the first signs and all verify"),
		keys(userVariable, &s.User, "signs the access tokens of users, likewise"),
		keys(customerVariable, &s.Customer, "signs the access tokens of customers, likewise"),
	}
}

// namedKeys are the keys of one variable.
type namedKeys struct {
	variable string
	keys     *Keys
}

func (s *Secrets) all() []namedKeys {
	return []namedKeys{{generalVariable, &s.General}, {userVariable, &s.User}, {customerVariable, &s.Customer}}
}

// CheckAll calls wrong for each variable without a key. Servers that share a database need the same keys.
func (s *Secrets) CheckAll(wrong func(variable string, err error)) {
	for _, named := range s.all() {
		if len(*named.keys) == 0 {
			wrong(named.variable, errors.New("must be set with MONGO_URI: without it, servers can't accept each other's tokens"))
		}
	}
}

// The lengths of keys in characters: a shorter one than minKey is refused, a shorter one than goodKey warned about.
const (
	minKey  = 12
	goodKey = 32
	// exampleKey begins the keys in .env.example.
	exampleKey = "replace-this-"
)

// Check calls wrong for each variable with a key that is too short, or that is there twice: a token that one key signs must
// not be accepted as another kind of token.
func (s *Secrets) Check(wrong func(variable string, err error)) {
	owners := map[string]string{}
	for _, named := range s.all() {
		for _, key := range *named.keys {
			owner, known := owners[string(key)]
			switch {
			case utf8.RuneCount(key) < minKey:
				wrong(named.variable, fmt.Errorf("a key must have at least %d characters; crm keys prints good ones", minKey))
			case known && owner == named.variable:
				wrong(named.variable, errors.New("contains the same key twice"))
			case known:
				wrong(named.variable, fmt.Errorf("must not contain a key of %s; crm keys prints different ones", owner))
			}
			owners[string(key)] = named.variable
		}
	}
}

// Weak returns a warning for each variable with a key that can perhaps be guessed.
func (s *Secrets) Weak() []string {
	var warnings []string
	for _, named := range s.all() {
		switch {
		case slices.ContainsFunc(*named.keys, func(key []byte) bool { return strings.HasPrefix(string(key), exampleKey) }):
			warnings = append(warnings, named.variable+": this is the key of an example, which anybody knows; crm keys prints good ones")
		case slices.ContainsFunc(*named.keys, isWeak):
			warnings = append(warnings, fmt.Sprintf("%s: a key has less than %d characters, or few different ones; crm keys prints good ones",
				named.variable, goodKey))
		}
	}
	return warnings
}

// isWeak reports whether a key is short, or has few different bytes.
func isWeak(key []byte) bool {
	different := map[byte]bool{}
	for _, b := range key {
		different[b] = true
	}
	return utf8.RuneCount(key) < goodKey || len(different) < goodKey/4
}

// NewVariables returns a line that sets a new key for each variable.
func NewVariables() []string {
	var lines []string
	for _, named := range new(Secrets).all() {
		lines = append(lines, named.variable+"="+newKey())
	}
	return lines
}

// Complete reads missing secrets from a folder, and makes them the first time.
func (s *Secrets) Complete(folder string) error {
	for _, named := range s.all() {
		if len(*named.keys) > 0 {
			continue
		}
		stored, err := storedKey(keyFile(folder, named.variable))
		if err != nil {
			return err
		}
		*named.keys = Keys{stored}
	}
	return nil
}

// Variables returns the secrets as the values of the variables that they may be read from.
func (s Secrets) Variables() map[string]string {
	variables := map[string]string{}
	for _, named := range s.all() {
		variables[named.variable] = named.keys.text()
	}
	return variables
}

// StoreSecrets replaces the keys in a folder by those of variables. Of several keys it stores the one that signs.
func StoreSecrets(variables map[string]string, folder string) error {
	for _, named := range new(Secrets).all() {
		keys := ParseKeys(variables[named.variable])
		if len(keys) == 0 {
			return fmt.Errorf("cannot store keys: there is no %s", named.variable)
		}
		draft, err := draftKey(folder, keys[0])
		if err != nil {
			return err
		}
		if err := os.Rename(draft, keyFile(folder, named.variable)); err != nil {
			return errors.Join(fmt.Errorf("cannot store key: %w", err), os.Remove(draft))
		}
	}
	return nil
}

// KeyFiles returns lines that make the variables read those secrets that a folder has, as VARIABLE_FILE=….
func (s Secrets) KeyFiles(folder string) []string {
	var lines []string
	for _, named := range s.all() {
		path := keyFile(folder, named.variable)
		if stored, err := os.ReadFile(path); err == nil && string(stored) == named.keys.text() {
			lines = append(lines, named.variable+"_FILE="+path)
		}
	}
	return lines
}

// keyFile returns the file in a folder with the key of a variable.
func keyFile(folder, variable string) string { return filepath.Join(folder, strings.ToLower(variable)) }

// draftKey writes a key to a new file in a folder, which only its owner can read, and returns the file's path. The caller gives it
// its name, so that no file with a name has a part of a key.
func draftKey(folder string, key []byte) (path string, err error) {
	draft, err := os.CreateTemp(folder, ".key-") // mode 0600
	if err != nil {
		return "", fmt.Errorf("cannot create key: %w", err)
	}
	_, err = draft.Write(key)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("cannot write key: %w", err), os.Remove(draft.Name()))
	}
	return draft.Name(), nil
}

// storedKey reads the key in a file. If the file is missing, it creates one that only its owner can read.
func storedKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	if len(key) == 0 {
		return nil, fmt.Errorf("cannot use the key in %s: the file is empty", path)
	}
	return key, nil
}

func newKey() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // crypto/rand.Read never returns an error
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// createKey writes a new key to a file. The file appears atomically with the key in it, and two processes that create it
// at the same time get the same key.
func createKey(path string) ([]byte, error) {
	key := []byte(newKey())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("cannot create the keys' folder: %w", err)
	}
	draft, err := draftKey(filepath.Dir(path), key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(draft) }() // the link below keeps the content
	if err := os.Link(draft, path); errors.Is(err, fs.ErrExist) {
		return storedKey(path)
	} else if err != nil {
		return nil, fmt.Errorf("cannot store key: %w", err)
	}
	return key, nil
}
