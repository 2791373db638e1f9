package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"crm/db/demo"
	"crm/db/legacy"
	"crm/db/store"
)

// call is a command on the store as it was typed. The process that has the store open runs it: this one, or a server that
// gets it through its socket.
type call struct {
	Name      string
	Arguments []string
	// Terminal says whether the output is shown on a terminal.
	Terminal bool
	// Password is what was entered, for a command that asks for one.
	Password string
}

// command is a parsed call.
type command struct {
	// run works on an open store, and writes to out what the person who called it should read.
	run func(ctx context.Context, c *crm, password string, out io.Writer) error
	// asksPassword says that run needs a password, which mustn't be among the arguments, because others can see those.
	asksPassword bool
}

// parse returns the command that is called.
func (c call) parse() (command, error) {
	for _, argument := range c.Arguments {
		if !utf8.ValidString(argument) {
			return command{}, fmt.Errorf("%q is not UTF-8", argument)
		}
	}
	switch c.Name {
	case "create-admin":
		return c.parseCreateAdmin()
	case "set-password":
		return c.parseSetPassword()
	case "demo":
		return c.parseDemo()
	case "check":
		if len(c.Arguments) > 0 {
			return command{}, errors.New("check takes no arguments")
		}
		return command{run: check}, nil
	}
	return command{}, fmt.Errorf("there is no command %q; crm --help lists them", c.Name)
}

// parseDemo parses the command that fills an empty store with sample data.
func (c call) parseDemo() (command, error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	customers := flags.Int("customers", 50, "")
	if err := flags.Parse(c.Arguments); err != nil || flags.NArg() > 0 || *customers < 1 {
		return command{}, errors.New("demo takes one option: --customers N, where N is at least 1")
	}
	return command{run: func(ctx context.Context, crm *crm, _ string, out io.Writer) error {
		return demo.Run(ctx, crm.db.Silent(), *customers, out, c.Terminal)
	}}, nil
}

// check lists the documents of the old application that are left out, or are not shown as they are stored.
func check(ctx context.Context, c *crm, _ string, out io.Writer) error {
	findings, err := legacy.Check(ctx, c.store, c.keys)
	if err != nil {
		return err
	}
	leftOut := 0
	for _, finding := range findings {
		if finding.Kind == store.Unreadable {
			leftOut++
		}
		if _, err := fmt.Fprintln(out, legacy.Describe(finding)); err != nil {
			return err
		}
	}
	if leftOut > 0 {
		return fmt.Errorf("documents that can't be read are left out: %d", leftOut)
	}
	_, err = fmt.Fprintln(out, "All documents can be read.")
	return err
}

// healthBytes is how much is shown of what a server says about its health.
const healthBytes = 1 << 10

// checkHealth asks the server on this machine whether it is ready.
func checkHealth(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, headerTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, healthBytes))
		return fmt.Errorf("the server is not ready: %s %s", response.Status, body)
	}
	return nil
}
