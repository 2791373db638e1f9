// Package mailtoken provides the OAuth access tokens with which the mail servers of Google, Microsoft and others are logged in to, and
// the mechanism that takes them, XOAUTH2.
package mailtoken

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

	"crm/config"
)

// Config says where access tokens come from. Its zero value stands for nowhere.
type Config struct {
	// Token is one that doesn't expire, and Command a shell command that prints one. At most one of them is given.
	Token   string
	Command string
}

// Settings declares the variables that set the configuration; their names begin with a prefix, such as SMTP.
func (c *Config) Settings(prefix string) []config.Setting {
	return []config.Setting{
		{
			Name: prefix + "_OAUTH_TOKEN", Value: config.Text(&c.Token, "access token"), Secret: true,
			Description: "an access token for the account",
		},
		{
			Name: commandOf(prefix), Value: config.Text(&c.Command, "shell command"), Secret: true,
			Description: "a command that prints an access token (run at most every five minutes, and when a token was refused)",
		},
	}
}

func commandOf(prefix string) string { return prefix + "_OAUTH_TOKEN_COMMAND" }

// Check calls wrong for a variable that is wrong, given the other.
func (c Config) Check(prefix string, wrong func(variable string, err error)) {
	if c.Token != "" && c.Command != "" {
		wrong(commandOf(prefix), fmt.Errorf("can't be used together with %s_OAUTH_TOKEN", prefix))
	}
}

// IsSet reports whether there are tokens.
func (c Config) IsSet() bool { return c.Token != "" || c.Command != "" }

// Source provides tokens. It may be used concurrently.
type Source struct {
	config Config
	// variable names the command in errors.
	variable string

	mutex sync.Mutex
	// printed is the token that the command printed last.
	printed string
	at      time.Time
}

// NewSource returns a Source for a configuration, whose variables begin with a prefix.
func NewSource(prefix string, config Config) *Source {
	return &Source{config: config, variable: commandOf(prefix)}
}

const (
	// maxAge is how long a printed token is used. Tokens are valid for longer, usually an hour.
	maxAge = 5 * time.Minute
	// maxTime is how long the command may take.
	maxTime = time.Minute
	// maxLength is the maximum length of a token.
	maxLength = 64 << 10
)

// Get returns a token. The error shows neither the command nor what it printed, since both may contain secrets.
func (s *Source) Get(ctx context.Context) (string, error) {
	if s.config.Command == "" {
		return s.config.Token, nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.printed != "" && time.Since(s.at) < maxAge {
		return s.printed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	out, err := shell(ctx, s.config.Command).Output()
	if err != nil {
		return "", fmt.Errorf("cannot get an access token: %s failed: %w", s.variable, errors.Join(err, ctx.Err()))
	}
	token := strings.TrimSpace(string(out))
	if token == "" || len(token) > maxLength || bytes.ContainsFunc([]byte(token), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("cannot get an access token: %s must print one, and nothing else", s.variable)
	}
	s.printed, s.at = token, time.Now()
	return token, nil
}

// Forget makes the next Get run the command, because the server refused its token.
func (s *Source) Forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.printed = ""
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
