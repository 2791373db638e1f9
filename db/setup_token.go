package db

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Setup is what entitles somebody to become the first user, who sets the server up: being on its machine, or its setup token.
type Setup struct {
	Local bool
	Token string
}

// SetupToken returns the setup token. It derives from a key of the server, so it stays the same when the server starts again, is the
// same on all servers that share a database, and is stored nowhere. Once there is a user, it is of no use.
func (d *DB) SetupToken() string { return setupToken(d.entities.CursorKeys[0]) }

func setupToken(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("setup token\n"))
	return hex.EncodeToString(mac.Sum(nil))
}

func (d *DB) maySetUp(setup Setup) bool {
	return setup.Local || slices.ContainsFunc(d.entities.CursorKeys, func(key []byte) bool { return isEqual(setup.Token, setupToken(key)) })
}
