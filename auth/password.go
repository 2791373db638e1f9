package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// PasswordCost is bcrypt's cost for new hashes: about a quarter of a second of one core. bcrypt and not argon2id
// because the accounts of the old application have it, because a deployment can then go back to it, and because
// argon2id's 20 MB and more for each log-in under way are a large part of what the whole server otherwise needs.
const PasswordCost = 12

// Bounds of a password's length in bytes; bcrypt ignores what is behind the 72nd.
const (
	minPassword = 8
	maxPassword = 72
)

// Hasher hashes and verifies passwords, a bounded number at a time, so that log-ins can't starve everything else.
type Hasher struct {
	cost  int
	slots chan struct{}
	// dummy is verified against where there is no account, so that the answer takes as long as if there were one.
	dummy []byte
}

// NewHasher returns a hasher of that bcrypt cost that hashes at most parallel passwords at a time.
func NewHasher(cost, parallel int) (*Hasher, error) {
	if cost < bcrypt.MinCost || cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("cannot hash at cost %d: bcrypt knows %d to %d", cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	// Salt and digest are made up: finding out that no password fits takes as long, and making a real one would delay
	// every start.
	dummy := fmt.Appendf(nil, "$2a$%02d$%s%s", cost, strings.Repeat("a", 22), strings.Repeat("b", 31))
	return &Hasher{cost: cost, slots: make(chan struct{}, parallel), dummy: dummy}, nil
}

// Problem says what is wrong with a password that somebody wants to have; it is empty when nothing is.
func (h *Hasher) Problem(password string) string {
	switch {
	case len(password) < minPassword:
		return fmt.Sprintf("must have at least %d bytes", minPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("must have at most %d bytes", maxPassword)
	}
	return ""
}

// Hash returns the bcrypt hash of a password that has no Problem. It waits for a free slot, or for ctx.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("cannot hash password: %w", err)
	}
	return string(hash), nil
}

// Verify reports whether the hash is of the password, and whether it should be made anew because its cost isn't ours.
// An empty hash is of no password, which it takes as long to find out. It waits for a free slot, or for ctx.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer h.release()
	stored, known := []byte(hash), hash != ""
	if !known {
		stored = h.dummy
	}
	err = bcrypt.CompareHashAndPassword(stored, []byte(password)[:min(len(password), maxPassword)])
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || !known {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("cannot verify password: %w", err)
	}
	cost, err := bcrypt.Cost(stored)
	return true, err != nil || cost != h.cost, nil
}

func (h *Hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) release() { <-h.slots }
