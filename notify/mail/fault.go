package mail

import (
	"errors"
	"fmt"
	"net/textproto"
)

// refused returns the error for a part of the mail that the server refused. It is permanent if the server says so,
// unless the server requires a log-in (RFC 4954), which the operator can fix.
func refused(part string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return fmt.Errorf("cannot transfer %s: %w", part, err)
	}
	err = fmt.Errorf("the mail server refused %s: %w", part, err)
	switch {
	case reply.Code == 530 || reply.Code == 534 || reply.Code == 535 || reply.Code == 538:
		return err
	case reply.Code >= 500 && reply.Code <= 599:
		return &PermanentError{err}
	}
	return err
}
