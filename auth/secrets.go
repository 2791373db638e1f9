package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Secrets are the keys of a server.
type Secrets struct {
	// User and Customer sign the access tokens.
	User, Customer Keys
	// General signs other data that clients send back: the cursors of pages.
	General Keys
}

// The environment variables that hold the secrets.
const (
	generalVariable  = "SECRET_KEY"
	userVariable     = "USER_SECRET_KEY"
	customerVariable = "CUSTOMER_SECRET_KEY"
)

// ReadSecrets reads the secrets from variables. If there is a folder, it reads missing ones from there and generates them
// the first time. Otherwise the error names the missing variables.
func ReadSecrets(variable func(name string) string, folder string) (Secrets, error) {
	found := make(map[string]Keys)
	var missing []string
	for _, name := range []string{generalVariable, userVariable, customerVariable} {
		keys := ParseKeys(variable(name))
		if len(keys) == 0 && folder == "" {
			missing = append(missing, name)
			continue
		}
		if len(keys) == 0 {
			stored, err := storedKey(filepath.Join(folder, strings.ToLower(name)))
			if err != nil {
				return Secrets{}, err
			}
			keys = Keys{stored}
		}
		found[name] = keys
	}
	if len(missing) > 0 {
		return Secrets{}, fmt.Errorf("%s must be set: without them, servers can't accept each other's tokens",
			strings.Join(missing, ", "))
	}
	return Secrets{User: found[userVariable], Customer: found[customerVariable], General: found[generalVariable]}, nil
}

// Variables returns the secrets as the values of the variables that they may be read from.
func (s Secrets) Variables() map[string]string {
	return map[string]string{generalVariable: s.General.text(), userVariable: s.User.text(), customerVariable: s.Customer.text()}
}

// StoreSecrets replaces the keys in a folder by those of variables. Of several keys it stores the one that signs.
func StoreSecrets(variables map[string]string, folder string) error {
	for _, name := range []string{generalVariable, userVariable, customerVariable} {
		keys := ParseKeys(variables[name])
		if len(keys) == 0 {
			return fmt.Errorf("cannot store keys: there is no %s", name)
		}
		if err := replaceKey(filepath.Join(folder, strings.ToLower(name)), keys[0]); err != nil {
			return err
		}
	}
	return nil
}

// replaceKey writes a key to a file, which appears atomically.
func replaceKey(path string, key []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".key-") // mode 0600
	if err != nil {
		return fmt.Errorf("cannot create key: %w", err)
	}
	_, err = draft.Write(key)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot store key: %w", err), os.Remove(draft.Name()))
	}
	return nil
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

// createKey writes a new key to a file. The file appears atomically with the key in it, and two processes that create it
// at the same time get the same key.
func createKey(path string) ([]byte, error) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // crypto/rand.Read never returns an error
	key := []byte(base64.RawURLEncoding.EncodeToString(random[:]))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("cannot create the keys' folder: %w", err)
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".key-") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("cannot create key: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }() // the link below keeps the content
	_, err = draft.Write(key)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return nil, fmt.Errorf("cannot write key: %w", err)
	}
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return storedKey(path)
	} else if err != nil {
		return nil, fmt.Errorf("cannot store key: %w", err)
	}
	return key, nil
}
