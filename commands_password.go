package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// maxPasswordLine bounds what is read; the store has its own rules for passwords.
const maxPasswordLine = 1 << 10

// readPassword asks for a password on a terminal, twice and without showing it, or reads the first line of another input.
func readPassword(ctx context.Context, in *os.File, prompts io.Writer) (string, error) {
	read := readLine
	if terminal := int(in.Fd()); term.IsTerminal(terminal) {
		state, err := term.GetState(terminal)
		if err != nil {
			return "", fmt.Errorf("cannot read the password: %w", err)
		}
		defer func() { _ = term.Restore(terminal, state) }() // if reading is interrupted
		read = func(in *os.File) (string, error) { return askTwice(in, prompts) }
	}
	type result struct {
		password string
		err      error
	}
	entered := make(chan result, 1)
	go func() {
		password, err := read(in)
		entered <- result{password, err}
	}()
	select {
	case <-ctx.Done():
		return "", errInterrupted
	case r := <-entered:
		switch {
		case r.err != nil:
			return "", r.err
		case r.password == "":
			return "", errors.New("a password is missing: enter it, or pass it on standard input")
		case !utf8.ValidString(r.password):
			return "", errors.New("the password is not UTF-8")
		}
		return r.password, nil
	}
}

func readLine(in *os.File) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("cannot read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func askTwice(in *os.File, prompts io.Writer) (string, error) {
	var entered [2]string
	for i, prompt := range []string{"New password: ", "Once more: "} {
		_, _ = io.WriteString(prompts, prompt)
		line, err := term.ReadPassword(int(in.Fd()))
		_, _ = fmt.Fprintln(prompts)
		if err != nil {
			return "", fmt.Errorf("cannot read the password: %w", err)
		}
		entered[i] = string(line)
	}
	if entered[0] != entered[1] {
		return "", errors.New("the passwords differ")
	}
	return entered[0], nil
}
