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
