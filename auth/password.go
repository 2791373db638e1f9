package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// DefaultPasswordCost is bcrypt's cost for new hashes: about a quarter of a second of one core. The server uses bcrypt instead of
// argon2id because the old application's accounts use it, because a deployment can then return to that application, and
// because argon2id's 20 MB and more per concurrent log-in are a large part of the whole server's memory.
const DefaultPasswordCost = 12

// Bounds of a server's cost: the least that OWASP's Password Storage Cheat Sheet allows, and what takes a core a second.
const (
	minPasswordCost = 10
	maxPasswordCost = 14
)

// ParsePasswordCost parses the cost of a server's hashes.
func ParsePasswordCost(text string) (int, error) {
	cost, err := strconv.Atoi(text)
	if err != nil || cost < minPasswordCost || cost > maxPasswordCost {
		return 0, fmt.Errorf("must be a whole number from %d to %d", minPasswordCost, maxPasswordCost)
	}
	return cost, nil
}

// Bounds of a password's length: at least so many characters, and at most so many bytes, as bcrypt ignores those after the 72nd.
const (
	minPassword = 8
	maxPassword = 72
)

// Hasher hashes and verifies passwords, a limited number at a time, which keeps log-ins from starving other requests.
type Hasher struct {
	cost  int
	slots chan struct{}
	// most is the highest cost of the hashes that were verified, and at least cost. Verifying a wrong password takes as long as with a hash of
	// that cost, whatever hash the account has, or without an account; else the time would tell who has one.
	most atomic.Int32
	// compare is bcrypt's.
	compare func(hash, password []byte) error
}

// NewHasher returns a hasher with this bcrypt cost that hashes at most parallel passwords at a time.
func NewHasher(cost, parallel int) (*Hasher, error) {
	if cost < bcrypt.MinCost || cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("cannot hash at cost %d: bcrypt supports %d to %d", cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	return &Hasher{cost: cost, slots: make(chan struct{}, parallel), compare: bcrypt.CompareHashAndPassword}, nil
}

// dummy returns a hash to verify a password against for the time that this takes. Its salt and digest are arbitrary, since a mismatch takes
// as long as with a real hash.
func dummy(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s%s", cost, strings.Repeat("a", 22), strings.Repeat("b", 31))
}

// Problem returns what is wrong with a new password, or "". What is known of its owner, the address and the name, must not be the
// password, and neither must the address without its domain.
func (h *Hasher) Problem(password string, known ...string) string {
	password = prepare(password)
	switch {
	case strings.ContainsFunc(password, unicode.IsControl):
		return "must not contain control characters, such as tabs and line breaks"
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Sprintf("must have at least %d characters", minPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("must have at most %d bytes", maxPassword)
	case slices.ContainsFunc(known, func(text string) bool { return isKnown(password, text) }):
		return "must not be the name or the address"
	case isCommon(password):
		return "must not be one of the most common passwords, which are tried first"
	}
	return ""
}

// isKnown reports whether a password is a text, or what stands before the @ in it, whatever the case.
func isKnown(password, text string) bool {
	text = prepare(text)
	local := text[:max(0, strings.LastIndexByte(text, '@'))]
	return strings.EqualFold(password, text) || strings.EqualFold(password, local)
}

// Hash returns the bcrypt hash of a password that has no Problem. It waits for a free slot, or for ctx.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	hash, err := bcrypt.GenerateFromPassword([]byte(prepare(password)), h.cost)
	if err != nil {
		return "", fmt.Errorf("cannot hash password: %w", err)
	}
	return string(hash), nil
}

// Verify reports whether the hash matches the password, and whether it is outdated because its cost or its form of the
// password differs. An empty hash matches no password, but takes as long to verify as a wrong one. Verify waits for a free slot, or
// for ctx.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer h.release()
	stored, known := []byte(hash), hash != ""
	if !known {
		stored = dummy(h.cost)
	}
	cost, err := bcrypt.Cost(stored)
	if err != nil {
		return false, false, fmt.Errorf("cannot verify password: %w", err)
	}
	for i, form := range formsOf(password) {
		typed := []byte(form)[:min(len(form), maxPassword)]
		err = h.compare(stored, typed)
		switch {
		case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || !known:
			h.spend(cost, typed)
			continue
		case err != nil:
			return false, false, fmt.Errorf("cannot verify password: %w", err)
		}
		return true, i > 0 || cost != h.cost, nil
	}
	return false, false, nil
}

// spend takes the time by which a comparison at a cost was shorter than one at the highest cost. Each cost takes twice as long as the one below
// it, so one comparison at each between them makes up for the rest.
func (h *Hasher) spend(cost int, password []byte) {
	most := h.most.Load()
	for least := int32(max(cost, h.cost)); most < least; most = h.most.Load() {
		h.most.CompareAndSwap(most, least)
	}
	for ; cost < int(most); cost++ {
		_ = h.compare(dummy(cost), password)
	}
}

// prepare returns the form of a password that is hashed, which doesn't depend on the keyboard: in NFC, and with every
// space as U+0020, like OpaqueString of RFC 8265. Unlike that, it refuses no character, so that new emoji are possible.
func prepare(password string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

// formsOf returns the forms of a password that its hash may have been made from: first the one that is hashed now, then
// those that were hashed as they had been typed. For a password in ASCII, there is only one.
func formsOf(password string) []string {
	forms := []string{prepare(password)}
	for _, form := range []string{password, norm.NFC.String(password), norm.NFD.String(password)} {
		if !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms
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
