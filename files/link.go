package files

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LinkLife is how long a signed address can be used, at most.
const LinkLife = 15 * time.Minute

// linkStep is by how much the ends of addresses differ. Within a step, a file has the same address, so that browsers needn't load it
// again.
const linkStep = 3 * time.Minute

// Links signs the addresses of files, and checks them.
type Links struct {
	// Keys are the keys: the first one signs, and all of them verify.
	Keys [][]byte
	// Base precedes the paths: the address of this server, or the path below which it is reached; it may be empty.
	Base string
	// Now is the clock.
	Now func() time.Time
}

// Link is what an address lets its holder do, for a while.
type Link struct {
	// Method and Path are what the holder may send, such as PUT and /uploads/….
	Method, Path string
	// For is whom it was made for; empty for nobody in particular.
	For string
}

var (
	errForged  = errors.New("the address is not valid")
	errExpired = errors.New("the address has expired; ask for another one")
)

// signature signs everything that an address says.
func (l Link) signature(key []byte, expires string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join([]string{"file", l.Method, l.Path, l.For, expires}, "\n")))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Sign returns the address of a link, and when it ends.
func (l Links) Sign(link Link) (address string, expires time.Time) {
	expires = l.Now().UTC().Truncate(linkStep).Add(LinkLife)
	seconds := strconv.FormatInt(expires.Unix(), 10)
	query := url.Values{"expires": {seconds}, "signature": {link.signature(l.Keys[0], seconds)}}
	if link.For != "" {
		query.Set("for", link.For)
	}
	return l.Base + link.Path + "?" + query.Encode(), expires
}

// Verify returns whom an address was made for and when it ends, given its method, path and query. The error is for the one who uses it.
func (l Links) Verify(method, path string, query url.Values) (owner string, expires time.Time, err error) {
	link := Link{Method: method, Path: path, For: query.Get("for")}
	seconds := query.Get("expires")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || !l.signs(link, seconds, query.Get("signature")) {
		return "", time.Time{}, errForged
	}
	expires = time.Unix(unix, 0)
	if !l.Now().Before(expires) {
		return "", time.Time{}, errExpired
	}
	return link.For, expires, nil
}

func (l Links) signs(link Link, expires, signature string) bool {
	for _, key := range l.Keys {
		if hmac.Equal([]byte(signature), []byte(link.signature(key, expires))) {
			return true
		}
	}
	return false
}
