package auth

import (
	"strings"

	"github.com/mileusna/useragent"
)

// Device names the program and the system of a client by what it calls itself, such as "Firefox on Windows" or "curl", for people who
// look for a session that isn't theirs. It is empty for a client that says nothing.
func Device(userAgent string) string {
	userAgent = strings.ToValidUTF8(userAgent, "")
	known := useragent.Parse(userAgent)
	program := known.Name
	if program == "" {
		product, _, _ := strings.Cut(userAgent, " ")
		program, _, _ = strings.Cut(product, "/")
	}
	if program == "" || known.OS == "" {
		return program
	}
	return program + " on " + known.OS
}
