package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"crm/db"
	"crm/db/demo"
	"crm/db/legacy"
	"crm/db/store"
)

// fillDemo fills an empty store with sample data.
func fillDemo(ctx context.Context, s settings, arguments []string, out io.Writer, log *slog.Logger) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	customers := flags.Int("customers", 50, "")
	if err := flags.Parse(arguments); err != nil || flags.NArg() > 0 || *customers < 1 {
		return errors.New("demo takes one option: --customers N, where N is at least 1")
	}
	c, err := open(ctx, s, log, db.Options{Silent: true})
	if err != nil {
		return err
	}
	defer c.close()
	return demo.Run(ctx, c.db, *customers, out)
}

// check lists the documents of the old application that are left out, or are not shown as they are stored.
func check(ctx context.Context, s settings, out io.Writer) error {
	c, err := open(ctx, s, slog.New(slog.DiscardHandler), db.Options{Silent: true})
	if err != nil {
		return err
	}
	defer c.close()
	findings, err := legacy.Check(ctx, c.store, s.keys)
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
		return fmt.Errorf("the server is not ready: %s", response.Status)
	}
	return nil
}
