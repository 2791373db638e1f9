package auth

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"image/png"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// One-time codes are those of RFC 6238 with what all authenticator apps support: SHA-1, six digits, and a step of 30 seconds.
const (
	codeDigits = otp.DigitsSix
	codeStep   = 30 * time.Second
	// codeSlack is how many steps the clocks of the server and of the app may differ by.
	codeSlack = 1
	// secretBytes is the length of a secret: that of a digest, as RFC 4226 recommends.
	secretBytes = 20
	qrPixels    = 256
)

// CodeSecret is a new secret that one-time codes are made from.
type CodeSecret struct {
	// Text is the secret in base32, URI what a QR code contains, and QRCode an image of that, as a data URL.
	Text, URI, QRCode string
}

// NewCodeSecret returns a new secret. The app shows it with the name of the issuer and of the account.
func NewCodeSecret(issuer, account string) (*CodeSecret, error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: issuer, AccountName: account, SecretSize: secretBytes, Digits: codeDigits, Period: uint(codeStep / time.Second),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot make a secret: %w", err)
	}
	code, err := key.Image(qrPixels, qrPixels)
	if err != nil {
		return nil, fmt.Errorf("cannot draw a QR code: %w", err)
	}
	var image bytes.Buffer
	if err := png.Encode(&image, code); err != nil {
		return nil, fmt.Errorf("cannot draw a QR code: %w", err)
	}
	return &CodeSecret{
		Text: key.Secret(), URI: key.URL(), QRCode: "data:image/png;base64," + base64.StdEncoding.EncodeToString(image.Bytes()),
	}, nil
}

// CodeStep returns the step whose one-time code this is; ok is false if it is that of no step about now.
func CodeStep(secret, code string, now time.Time) (step int, ok bool) {
	current := int(now.Unix() / int64(codeStep/time.Second))
	for at := current - codeSlack; at <= current+codeSlack; at++ {
		want, err := codeAt(secret, at)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok
}

// codeAt returns the one-time code of a step.
func codeAt(secret string, step int) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
}
