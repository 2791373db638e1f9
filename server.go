// Command crm is a CRM backend: one program that serves one GraphQL API, with its data in a file or in MongoDB.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"crm/auth"
	"crm/db"
	"crm/files/web"
	"crm/graph"
	"crm/graph/metrics"
	"crm/graph/playground"
	"crm/graph/proxy"
	"crm/graph/transport"
	"crm/inbound"
	"crm/notify"
	"crm/notify/mail"
	"crm/resolvers"
)

//go:generate go run ./db/generate
//go:generate go run ./graph/generate

const usage = `crm serves a CRM over GraphQL.

  crm                        serve
  crm demo [--customers N]   fill an empty store with sample data of N customers (default 50), then exit
  crm create-admin EMAIL NAME
                             create an admin, with the password that is entered or is the first line of the standard input
  crm set-password EMAIL     give a user another password, likewise, and end their sessions
  crm reset-two-factor EMAIL
                             remove the second factor of a user who has lost it
  crm backup FILE|FOLDER|- [--keys] [--passphrase-file FILE] [--keep N] [--every TIME]
                             write all data to a file, or the standard output: with the server's keys, encrypted. In a folder, keep N
                             backups, and go on making one every so often
  crm restore FILE [--passphrase-file FILE]
                             read a backup into an empty store
  crm move --to FOLDER|MONGO_URI, or --to-file FILE
                             copy all data to an empty store of another folder or MongoDB, and compare; goes on if it was interrupted
  crm keys                   print lines for .env with three new keys, which sign tokens and cursors
  crm config                 print the settings that are in force, and where each comes from
  crm check                  say what is wrong with the data: old documents that can't be read, references that lead nowhere, missing
                             events, a damaged file; 1 if there is anything
  crm health                 exit with 0 if the server on PORT is ready, otherwise with 1
  crm --version              print the version
  crm --help                 print this help

Environment variables, or a file .env, configure it; see docs/configuration.md.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintln(os.Stderr, "crm:", line)
		}
		os.Exit(1)
	}
}

// streams are the program's standard input, output and error.
type streams struct{ in, out, logs *os.File }

// run executes the command in the arguments. Its error is for the person who started the program, usually of one line.
func run(ctx context.Context, arguments []string, streams streams) error {
	command := strings.Join(arguments[:min(len(arguments), 1)], "")
	switch command {
	case "--help", "-h", "help":
		_, err := io.WriteString(streams.out, usage)
		return err
	case "--version", "version":
		_, err := fmt.Fprintln(streams.out, "crm", strings.TrimSpace(version()+" "+revision()))
		return err
	case "keys":
		_, err := fmt.Fprintln(streams.out, strings.Join(auth.NewVariables(), "\n"))
		return err
	}
	settings, values := readSettings(os.Environ(), ".env")
	if command == "config" {
		return printConfig(values, arguments[1:], streams)
	}
	if err := values.Err(); err != nil {
		return err
	}
	if err := passOn(values.Unrelated()); err != nil {
		return err
	}
	log := newLog(streams.logs, term.IsTerminal(int(streams.logs.Fd())), settings.logLevel)
	switch command {
	case "":
		signal.Ignore(syscall.SIGHUP) // there is nothing to read anew, and the end of a terminal isn't that of the server
		for _, warning := range values.Warnings() {
			log.Warn("check the configuration", "problem", warning)
		}
		return serve(ctx, settings, streams.out, log)
	case "health":
		return checkHealth(ctx, settings)
	}
	return runCommand(ctx, settings, call{
		Name: command, Arguments: arguments[1:], Terminal: term.IsTerminal(int(streams.out.Fd())),
	}, streams)
}

// passOn adds the variables in the file .env that aren't settings to the environment of this process, for libraries and for
// the programs that it starts.
func passOn(variables map[string]string) error {
	for name, value := range variables {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf(".env: cannot set %s: %w", name, err)
		}
	}
	return nil
}

// serve answers requests until ctx is done, then finishes those under way and the mail that is being sent.
func serve(ctx context.Context, s settings, out io.Writer, log *slog.Logger) error {
	if os.Getenv("GOGC") == "" {
		tuneCollector(ctx)
	}
	watch := newObservers(s.metrics)
	stopTracing, err := watch.trace(ctx, s.tracing, log)
	if err != nil {
		return err
	}
	defer stopTracing()
	crm, err := open(ctx, s, log, db.Options{
		AllowStaffSignup: s.allowStaffSignup, NoSharedQueue: !s.sharedQueue, RequireVerifiedEmail: *s.requireVerifiedEmail,
		CustomerSignup: s.customerSignup, TwoFactor: s.twoFactor, Providers: s.oidc.Providers(), AppName: s.messages.AppName, MailDomain: mail.Domain(s.smtp.From),
		EventRetention: s.eventRetention, Observer: watch.calls, Trace: watch.traceparent,
	})
	if err != nil {
		return err
	}
	defer crm.close()
	receiver := inbound.New(crm.db, s.inbound, log)
	handler, operations, err := newHandler(s, crm, receiver, watch, log)
	if err != nil {
		return err
	}
	metricsServer, err := watch.serve(ctx, s.metrics, crm, operations, log)
	if err != nil {
		return err
	}
	defer metricsServer.close()
	mailer, err := mail.New(s.smtp)
	if err != nil {
		return err // it names the variable
	}
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	logVerification(log, s)
	stopReceiving, err := receiver.Start(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer stopReceiving()
	defer crm.follow(context.WithoutCancel(ctx), log)()
	stopCommands := func(context.Context) {}
	if s.mongoURI == "" {
		stopCommands = serveCommands(ctx, s.dataDir, crm, log)
	}
	if err := greet(ctx, out, s, listener.Addr(), metricsServer, crm); err != nil {
		stopCommands(ctx)
		return err
	}
	defer crm.workBeside(ctx, log)()
	service := notify.New(crm.db, mailer, log, notify.Configure(s.messages), notify.Observe(watch.deliveries),
		notify.Trace(watch.deliveryTraces))
	httpServer := newServer(handler, s.tls.config(s.dataDir, log), log, operations.EndStreams, stopCommands)
	return serveUntilDone(ctx, listener, httpServer, service, log)
}

func wantsJSON(r *http.Request) bool {
	return transport.Accepts(r.Header["Accept"], "application/json")
}

// newHandler returns the handler of all requests, and the part of it that runs operations.
func newHandler(
	s settings, c *crm, receiver *inbound.Service, watch observers, log *slog.Logger,
) (http.Handler, *transport.Handler, error) {
	tokens, err := auth.NewTokens(c.secrets.User, c.secrets.Customer)
	if err != nil {
		return nil, nil, err
	}
	newOperation := resolvers.NewOperation
	memory, _ := c.store.(graph.Memory) // the embedded engine's, unless CACHE_BYTES is 0
	if !s.fastPath {
		newOperation, memory = resolvers.NewPlainOperation, nil
	}
	authenticator := auth.NewAuthenticator(tokens, c.db)
	operations := graph.NewHandler(graph.HandlerConfig{
		Resolvers: resolvers.New(c.db, tokens), NewOperation: newOperation,
		Introspection: s.introspection, ShowCost: s.showCost, Logger: log, LogSlow: s.logSlow, Observer: watch.operations,
		Tracer: watch.operationTraces, Limits: s.limits, Memory: memory,
		TrustedDocuments: s.trusted, NoFastPath: !s.fastPath, Batching: s.batching, Authenticator: authenticator, Origins: s.origins,
	})
	api := transport.CrossOrigin(s.origins, transport.Authenticate(authenticator, s.proxies, log, operations))
	api = watch.traced(api, s.proxies)
	mux := http.NewServeMux()
	if s.playground {
		page := playground.Handler(s.basePath)
		mux.Handle("GET /{$}", page)
		mux.Handle("GET "+playground.Path, page)
		api = pageForBrowsers(page, api)
	}
	mux.Handle("/graphql", api)
	mux.Handle("/graphql/{$}", api)
	handleFiles(mux, transport.Authenticate(authenticator, s.proxies, log, web.Handler(c.db, log)))
	if s.mailbox {
		mailbox := proxy.ForOperator(s.proxies, notify.Mailbox(c.db, wantsJSON, log))
		mux.Handle("GET /dev/mailbox", transport.Authenticate(authenticator, s.proxies, log, mailbox))
	}
	if s.inbound.Secret != "" {
		mux.Handle("POST "+inbound.Path, receiver.Handler(s.inbound.Secret))
		mux.Handle("POST "+inbound.MailgunPath, receiver.Handler(s.inbound.Secret))
	}
	if s.metrics.onMainPort() {
		mux.Handle("GET "+metrics.Path, watch.metrics.Handler(s.metrics.token, log))
	}
	c.health(s).handle(mux)
	return transport.WithRequestID(transport.CORS(s.origins, belowBase(s.basePath, mux))), operations, nil
}

// pageForBrowsers serves the page to browsers that open the API's address, and the API to all other clients.
func pageForBrowsers(page, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if playground.IsBrowser(r) {
			page.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// greet prints the server's addresses and how to begin, for the person who started it.
func greet(ctx context.Context, out io.Writer, s settings, address net.Addr, measured *metricsServer, c *crm) error {
	base := s.baseURL(address.(*net.TCPAddr).Port)
	lines := []string{"GraphQL     " + base + "/graphql"}
	if s.playground {
		lines = append(lines, "Playground  "+base+"/")
	}
	lines = append(lines, "Data        "+c.location)
	if len(s.tls.domains) > 0 {
		lines = append(lines, "TLS         certificates are obtained from "+s.tls.directory+" and kept in "+acmeFolder(s.dataDir))
	}
	switch {
	case s.smtp.Host != "":
		lines = append(lines, fmt.Sprintf("Mail        sent through %s:%d", s.smtp.Host, s.smtp.Port))
	case s.mailbox:
		lines = append(lines, "Mail        stored, not sent (SMTP_HOST is not set): "+base+"/dev/mailbox")
	default:
		lines = append(lines, "Mail        stored, not sent (SMTP_HOST is not set)")
	}
	if url := measured.url(); url != "" {
		lines = append(lines, "Metrics     "+url)
	}
	known, err := c.db.HasUsers(ctx)
	if err != nil {
		return err
	}
	if !known {
		lines = append(lines, "", "There is no user yet. This creates the first one, who becomes the admin. From this machine, it works without the setupToken:",
			"", fmt.Sprintf(firstMutation, c.db.SetupToken()))
	}
	_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

const firstMutation = `mutation {
  signUpUser(input: {
    name: "Rohan", email: "rohan@gmail.com", password: "choose a long one"
    setupToken: "%s"
  }) {
    user { id name role }
    tokens { accessToken refreshToken }
  }
}`
