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

// Secrets are the keys that a server works with.
type Secrets struct {
	// User and Customer sign the access tokens.
	User, Customer Keys
	// General signs what else leaves the server and comes back: the cursors of pages.
	General Keys
}

// The environment variables that hold the secrets.
const (
	generalVariable  = "SECRET_KEY"
	userVariable     = "USER_SECRET_KEY"
	customerVariable = "CUSTOMER_SECRET_KEY"
)

// ReadSecrets reads the secrets from variables. A missing one is an error that names it, unless there is a folder to
// keep secrets in: then it is read from there, and made the first time.
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
			kept, err := keptKey(filepath.Join(folder, strings.ToLower(name)))
			if err != nil {
				return Secrets{}, err
			}
			keys = Keys{kept}
		}
		found[name] = keys
	}
	if len(missing) > 0 {
		return Secrets{}, fmt.Errorf("%s must be set: without them, servers can't accept each other's tokens",
			strings.Join(missing, ", "))
	}
	return Secrets{User: found[userVariable], Customer: found[customerVariable], General: found[generalVariable]}, nil
}

// keptKey reads the key in a file, which it makes, for its owner only, if it is missing.
func keptKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	if len(key) == 0 {
		return nil, fmt.Errorf("cannot use the key in %s: the file is empty", path)
	}
	return key, nil
}

// makeKey writes a new key to a file. The file appears with the key in it or not at all, and of two processes that
// make it at once both get the same key.
func makeKey(path string) ([]byte, error) {
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
	defer func() { _ = os.Remove(draft.Name()) }() // gone already if all went well
	_, err = draft.Write(key)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return nil, fmt.Errorf("cannot write key: %w", err)
	}
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return keptKey(path)
	} else if err != nil {
		return nil, fmt.Errorf("cannot keep key: %w", err)
	}
	return key, nil
}
