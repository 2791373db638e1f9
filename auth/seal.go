package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// Sealer encrypts texts for one purpose with the keys of the server, such as a secret to store or a token that only the server is to read.
// It can't open what a sealer for another purpose has sealed.
type Sealer struct{ ciphers []cipher.AEAD }

// NewSealer returns a sealer for a purpose. The first key, of at least one, seals, and all of them open.
func NewSealer(keys Keys, purpose string) *Sealer {
	s := &Sealer{ciphers: make([]cipher.AEAD, len(keys))}
	for i, key := range keys {
		derived := hmac.New(sha256.New, key)
		derived.Write([]byte("sealer\n" + purpose))
		block, _ := aes.NewCipher(derived.Sum(nil)) // can't fail: a digest has the length of a key of AES-256
		s.ciphers[i], _ = cipher.NewGCMWithRandomNonce(block)
	}
	return s
}

// Seal encrypts a text for its owner.
func (s *Sealer) Seal(text, owner string) string {
	return base64.RawURLEncoding.EncodeToString(s.ciphers[0].Seal(nil, nil, []byte(text), []byte(owner)))
}

// Open returns the text that was sealed for that owner; ok is false if it wasn't, or with a key that isn't among the server's any more.
func (s *Sealer) Open(sealed, owner string) (text string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", false
	}
	for _, opening := range s.ciphers {
		if opened, err := opening.Open(nil, nil, raw, []byte(owner)); err == nil {
			return string(opened), true
		}
	}
	return "", false
}
