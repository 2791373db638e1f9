package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"crm/config"
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
	// alone says that no server may use the store meanwhile.
	alone bool
	// fills says that the command fills the store, which it may find half filled.
	fills bool
	// output returns where the caller writes what run has written, and a function that is called with run's error at the end;
	// nil for the standard output.
	output func(streams) (out io.Writer, end func(error) error, err error)
	// every is how often the command is run, until it is stopped, for backups in a folder; zero for once.
	every  time.Duration
	folder backupFolder
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
	case "reset-two-factor":
		return c.parseResetTwoFactor()
	case "backup":
		return c.parseBackup()
	case "restore":
		return c.parseRestore()
	case "move":
		return c.parseMove()
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
		return demo.Run(ctx, crm.db, *customers, out, c.Terminal)
	}}, nil
}

// check lists the documents of the old application that are left out, or are not shown as they are stored, and what is wrong with
// the data.
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
	flaws, err := checkData(ctx, c, out)
	switch {
	case err != nil:
		return err
	case leftOut > 0:
		err = fmt.Errorf("documents that can't be read are left out: %d", leftOut)
	default:
		_, err = fmt.Fprintln(out, "All documents can be read.")
	}
	if flaws > 0 {
		err = errors.Join(err, fmt.Errorf("flaws in the data: %d", flaws))
	}
	return err
}

// checkData lists what is wrong with the data, and the indexes that are still to be built, which is no flaw.
func checkData(ctx context.Context, c *crm, out io.Writer) (flaws int, err error) {
	report := func(flaw string) error {
		flaws++
		_, err := fmt.Fprintln(out, flaw)
		return err
	}
	if engine, ok := c.store.(store.Checker); ok {
		found, err := engine.Check(ctx)
		if err != nil {
			return flaws, err
		}
		for _, flaw := range found {
			if err := report("the database is damaged: " + flaw); err != nil {
				return flaws, err
			}
		}
	}
	if err := c.db.Check(ctx, report); err != nil {
		return flaws, err
	}
	missing, err := c.store.MissingIndexes(ctx)
	if err == nil && len(missing) > 0 {
		_, err = fmt.Fprintf(out, "Missing indexes, which a server builds while it runs: %s\n", strings.Join(missing, ", "))
	}
	return flaws, err
}

// healthBytes is how much is shown of what a server says about its health.
const healthBytes = 1 << 10

// checkHealth asks the server on this machine whether it is ready.
func checkHealth(ctx context.Context, s settings) error {
	ctx, cancel := context.WithTimeout(ctx, headerTime)
	defer cancel()
	address, scheme := net.JoinHostPort(reachable(s.host, "127.0.0.1"), strconv.Itoa(s.port)), "http"
	// The certificate is not for this address, and nothing secret is sent.
	secure := &tls.Config{InsecureSkipVerify: true}
	if s.tls.on() {
		scheme, secure.ServerName = "https", strings.Join(s.tls.domains[:min(1, len(s.tls.domains))], "")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: secure}}).Do(request)
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

// printConfig is the command that prints the settings. What is wrong with them is its error.
func printConfig(values *config.Values, arguments []string, streams streams) error {
	if len(arguments) > 0 {
		return errors.New("config takes no arguments")
	}
	if err := values.Print(streams.out); err != nil {
		return err
	}
	for _, warning := range values.Warnings() {
		_, _ = fmt.Fprintln(streams.logs, "crm: warning:", warning)
	}
	return values.Err()
}
