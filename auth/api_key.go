package auth

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
)

// An API key is the prefix, the 24 digits of its id, the 64 of its secret, and the 8 of a checksum of these, all hexadecimal. Prefix
// and checksum let programs that look for lost secrets recognize a key without asking the server.
const (
	apiKeyPrefix = "crm_"
	secretDigits = 64
)

// NewAPIKeySecret returns a random secret of 256 bits.
func NewAPIKeySecret() string {
	var secret [secretDigits / 2]byte
	_, _ = rand.Read(secret[:]) // crypto/rand.Read never returns an error
	return hex.EncodeToString(secret[:])
}

// FormatAPIKey returns the text of an API key.
func FormatAPIKey(id ID, secret string) string {
	body := hex.EncodeToString(id[:]) + secret
	return apiKeyPrefix + body + checksum(body)
}

// isAPIKey reports whether a token is meant to be an API key; no other token begins like one.
func isAPIKey(token string) bool { return strings.HasPrefix(token, apiKeyPrefix) }

// parseAPIKey returns the parts of an API key.
func parseAPIKey(token string) (id ID, secret string, ok bool) {
	const idDigits, checksumDigits = 2 * len(id), 8
	text := strings.TrimPrefix(token, apiKeyPrefix)
	if len(text) != idDigits+secretDigits+checksumDigits {
		return ID{}, "", false
	}
	body, sum := text[:idDigits+secretDigits], text[idDigits+secretDigits:]
	ok = decodeID(&id, body[:idDigits]) && sum == checksum(body)
	return id, body[idDigits:], ok
}

func checksum(body string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(body))) }
