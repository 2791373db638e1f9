package mailtoken

import "encoding/base64"

// Mechanism is the name of the mechanism of Google and Microsoft that takes access tokens.
const Mechanism = "XOAUTH2"

// Response returns what the client says first in XOAUTH2. A server that refuses the token then says why, and wants an empty line before it
// ends the log-in.
func Response(username, token string) []byte {
	return []byte("user=" + username + "\x01auth=Bearer " + token + "\x01\x01")
}

// Secrets are what a server's reply to a token mustn't reveal: the token, also in the form in which it was sent.
func Secrets(username, token string) []string {
	return []string{base64.StdEncoding.EncodeToString(Response(username, token)), token}
}
