package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// tokens provides OAuth access tokens.
type tokens struct {
	fixed   string
	command string

	mutex sync.Mutex
	// printed is the token that the command printed last.
	printed string
	at      time.Time
}

const (
	// tokenAge is how long a printed token is used. Tokens are valid for longer, usually an hour.
	tokenAge = 5 * time.Minute
	// tokenTime is how long the command may take.
	tokenTime = time.Minute
	// maxToken is the maximum length of a token.
	maxToken = 64 << 10
)

// get returns a token. The error shows neither the command nor what it printed, since both may contain secrets.
func (t *tokens) get(ctx context.Context) (string, error) {
	if t.command == "" {
		return t.fixed, nil
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.printed != "" && time.Since(t.at) < tokenAge {
		return t.printed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	out, err := shell(ctx, t.command).Output()
	if err != nil {
		return "", fmt.Errorf("cannot get an access token: SMTP_OAUTH_TOKEN_COMMAND failed: %w", errors.Join(err, ctx.Err()))
	}
	token := strings.TrimSpace(string(out))
	if token == "" || len(token) > maxToken || bytes.ContainsFunc([]byte(token), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("cannot get an access token: SMTP_OAUTH_TOKEN_COMMAND must print one, and nothing else")
	}
	t.printed, t.at = token, time.Now()
	return token, nil
}

// forget makes the next get run the command, because the server refused its token.
func (t *tokens) forget() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.printed = ""
}

// shell returns a command that the system's shell runs.
func shell(ctx context.Context, command string) *exec.Cmd {
	name, option := "sh", "-c"
	if runtime.GOOS == "windows" {
		name, option = "cmd", "/C"
	}
	shell := exec.CommandContext(ctx, name, option, command) //nolint:gosec // the operator configured it
	shell.WaitDelay = time.Second                            // for programs that outlive the shell
	return shell
}
