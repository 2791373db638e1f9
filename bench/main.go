package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	customers, connections, turns int
	cases, peers                  []string
	length                        length
	mixed                         bool
	// cacheBytes is our server's CACHE_BYTES.
	cacheBytes string
	// keep is a folder for the data and Bun; if it is empty, they are removed at the end.
	keep string
	// npm is the program that installs Bun.
	npm string
	// live are the numbers of subscribers to measure, and livePeer is the folder of the Node server to compare with.
	live     []int
	livePeer string
}

func readOptions(arguments []string, help io.Writer) (options, error) {
	o := options{npm: "npm"}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(help)
	flags.IntVar(&o.customers, "customers", 1000, "customers in the data, each with 10 interactions of 3 tickets")
	cases := flags.String("cases", strings.Join(caseNames(), ","), "cases to run")
	peers := flags.String("peers", strings.Join(peerNames(), ","), "servers to compare ours with, in this order")
	flags.IntVar(&o.turns, "turns", 3, "turns of each server")
	seconds := flags.Float64("seconds", 0, "length of a turn (default 5), or of each half of --mixed (default 60)")
	flags.IntVar(&o.length.requests, "requests", 0, "requests in a turn, instead of --seconds")
	flags.IntVar(&o.connections, "connections", 8, "connections that send at the same time")
	flags.StringVar(&o.cacheBytes, "cache", "", "CACHE_BYTES of our server; its default if it is empty")
	flags.StringVar(&o.keep, "keep", "", "folder in which the data and Bun are kept for the next run of the same program")
	flags.BoolVar(&o.mixed, "mixed", false, "run our readers, writers and log-ins at the same time, instead of the cases")
	live := flags.String("live", "", "numbers of subscribers, such as 1000,10000: measure how soon they have changes, instead of the cases")
	flags.StringVar(&o.livePeer, "live-peer", "bench/live/peer", "folder of the Node server that --live compares with")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if err := o.readLive(*live); err != nil {
		return o, err
	}
	if *seconds == 0 {
		*seconds = 5
		if o.mixed {
			*seconds = 60
		}
	}
	o.length.time = time.Duration(*seconds * float64(time.Second))
	o.cases, o.peers = strings.Split(*cases, ","), strings.FieldsFunc(*peers, func(r rune) bool { return r == ',' })
	if o.mixed {
		o.peers = nil
	}
	return o, o.check(flags.NArg())
}

func (o *options) readLive(numbers string) error {
	if numbers == "" {
		return nil
	}
	for number := range strings.SplitSeq(numbers, ",") {
		subscribers, err := strconv.Atoi(number)
		if err != nil || subscribers < 1 {
			return fmt.Errorf("--live has no numbers of subscribers: %q", numbers)
		}
		o.live = append(o.live, subscribers)
	}
	return nil
}

func (o *options) check(rest int) error {
	for _, name := range o.cases {
		if !slices.Contains(caseNames(), name) {
			return fmt.Errorf("there is no case %q, only %s", name, strings.Join(caseNames(), ", "))
		}
	}
	for _, name := range o.peers {
		if !slices.Contains(peerNames(), name) {
			return fmt.Errorf("there is no peer %q, only %s", name, strings.Join(peerNames(), ", "))
		}
	}
	switch {
	case rest > 0:
		return errors.New("there are no arguments but flags; --help lists them")
	case o.customers < 1 || o.customers > maxCustomers:
		return fmt.Errorf("--customers must be from 1 to %d", maxCustomers)
	case o.turns < 1 || o.connections < 1 || o.length.time <= 0 || o.length.requests < 0:
		return errors.New("--turns, --connections, --seconds and --requests must be positive")
	}
	return nil
}

// run reads the flags and runs the benchmark: it prints figures to out, and progress to status.
func run(ctx context.Context, arguments []string, out, status io.Writer) error {
	o, err := readOptions(arguments, status)
	if err != nil {
		return err
	}
	return o.run(ctx, out, status)
}

func (o options) run(ctx context.Context, out, status io.Writer) (err error) {
	b := &bench{options: o, world: newWorld(o.customers), out: out, progress: &progress{out: status}}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx); err != nil {
		return err
	}
	switch {
	case len(o.live) > 0:
		return b.runLive(ctx)
	case o.mixed:
		return b.runMixed(ctx)
	}
	return b.runCases(ctx)
}
