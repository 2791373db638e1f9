package auth

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // for commonPasswords
	"strings"
)

// commonPasswords are the 10,000 most common passwords of at least 8 characters, in lower case, compressed, one a line and sorted.
// They are from data/passwords.txt of github.com/trustelem/zxcvbn v1.0.1, under the MIT licence, Copyright (c) 2018 Vincent
// Vanackere and Trustelem, which has them from Dropbox's zxcvbn, likewise, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.
//
//go:embed common_passwords.txt.gz
var commonPasswords []byte

// isCommon reports whether a password is one of the most common ones, whatever its case. It reads the list anew each time, which
// takes a hundredth of the time of hashing the password, and so needs no memory in between.
func isCommon(password string) bool {
	password = strings.ToLower(password)
	list, err := gzip.NewReader(bytes.NewReader(commonPasswords))
	if err != nil {
		return false // can't happen: a test reads the list
	}
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if line := lines.Text(); line >= password {
			return line == password
		}
	}
	return false
}
