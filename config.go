package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"crm/auth"
	"crm/auth/oidc"
	"crm/config"
	"crm/db"
	"crm/db/mongo"
	"crm/db/textkey"
	"crm/graph"
	"crm/graph/document"
	"crm/graph/proxy"
	"crm/graph/tracing"
	"crm/graph/transport"
	"crm/inbound"
	"crm/notify"
	"crm/notify/mail"
)

// settings are what the variables that configure the server contain.
type settings struct {
	host                    string
	port                    int
	basePath                string
	tls                     tlsSettings
	dataDir                 string
	mongoURI, mongoDatabase string
	// mongoOptions change how the program connects to MongoDB.
	mongoOptions         []mongo.Option
	secrets              auth.Secrets
	smtp                 mail.SMTPConfig
	messages             notify.Config
	inbound              inbound.Config
	publicURL, linkPath  string
	customerSignup       db.CustomerSignup
	twoFactor            db.TwoFactorPolicy
	oidc                 oidc.Config
	passwordCost         int
	requireVerifiedEmail *bool
	accountLinkPath      string
	origins              transport.Origins
	proxies              proxy.Trusted
	logLevel             slog.Level
	// logSlow is how long an operation takes at least that is logged as slow; zero means none is.
	logSlow        time.Duration
	limits         graph.Limits
	eventRetention time.Duration
	// cacheBytes is the size of the cache of a data file, zero for none.
	cacheBytes int
	region     textkey.Region
	collation  textkey.Collation
	metrics    metricsSettings
	tracing    tracing.Config
	files      fileSettings
	// trusted is nil if clients may run any document.
	trusted          *document.Trusted
	trustedDocuments string

	proxyProtocol, allowStaffSignup, sharedQueue, playground, introspection, mailbox, showCost, fastPath, batching bool
}

// newSettings returns settings with those defaults that are values of other packages.
func newSettings() settings {
	return settings{passwordCost: auth.DefaultPasswordCost, limits: graph.DefaultLimits(), files: fileSettings{bytes: db.DefaultFileBytes}}
}

// declared declares all settings. Reading them sets those of s.
func (s *settings) declared() config.Declaration {
	return config.Declaration{
		{Title: "Server", Reader: "crm", Settings: s.serverSettings()},
		{Title: "TLS", Reader: "crm", Prefix: "TLS_", Settings: s.tls.settings()},
		{Title: "Data", Reader: "db", Prefix: "MONGO_", Settings: s.dataSettings()},
		{Title: "Files", Reader: "crm", Prefix: "FILES_", Settings: s.files.settings()},
		{Title: "Keys", Reader: "auth", Settings: s.secrets.Settings()},
		{Title: "API", Reader: "graph", Settings: s.apiSettings()},
		{Title: "Single sign-on", Reader: "auth/oidc", Prefix: "OIDC_", Settings: s.oidc.Settings()},
		{Title: "Mail server", Reader: "notify/mail", Prefix: "SMTP_", Settings: s.smtp.Settings()},
		{Title: "Messages", Reader: "notify", Settings: s.messageSettings()},
		{Title: "Incoming mail", Reader: "inbound", Prefix: "INBOUND_", Settings: s.inbound.Settings()},
		{Title: "Mailbox", Reader: "inbound/mailbox", Prefix: "IMAP_", Settings: s.inbound.Mailbox.Settings()},
		{Title: "Metrics", Reader: "crm", Prefix: "METRICS_", Settings: s.metrics.settings()},
		{Title: "Traces", Reader: "graph/tracing", Settings: s.tracing.Settings()},
		{Title: "Limits on what one request may ask for", Reader: "graph", Prefix: "LIMIT_", Settings: s.limits.Settings()},
	}
}

func (s *settings) serverSettings() []config.Setting {
	return []config.Setting{
		{
			Name: "HOST", Value: config.Parsed(&s.host, "address or name", parseListenHost), Otherwise: "all addresses of this machine",
			Description: "the address to listen on; `127.0.0.1` accepts no connections from other machines",
		},
		{Name: "PORT", Value: config.Port(&s.port, 0), Default: "8080", Description: "the port to listen on; `0` picks a free one"},
		{
			Name: "BASE_PATH", Value: config.Parsed(&s.basePath, "path", parseBasePath),
			Description: "a path such as `/crm`, below which a proxy serves this server: everything is found there, too, and the playground refers to it",
		},
		{
			Name: "ALLOWED_ORIGINS", Value: config.Parsed(&s.origins, "list of origins", transport.ParseOrigins),
			Description: "web origins that may call the API from a browser, comma-separated; `*` for all",
		},
		{
			Name: "TRUSTED_PROXIES", Value: config.Parsed(&s.proxies, "list of addresses or networks", proxy.Parse),
			Description: "proxies whose `X-Forwarded-For` or `Forwarded` is trusted",
		},
		{
			Name: "PROXY_PROTOCOL", Value: config.Flag(&s.proxyProtocol), Default: "false",
			Description: "read the client's address from the PROXY protocol (version 1 or 2), with which each connection of the `TRUSTED_PROXIES` must begin",
		},
		{
			Name: "LOG_LEVEL", Value: config.Parsed(&s.logLevel, "`debug`, `info`, `warn` or `error`", parseLevel), Default: "info",
			Description: "what is logged; logs are on standard error, as text on a terminal and as JSON lines elsewhere",
		},
		{
			Name: "LOG_SLOW", Value: config.Parsed(&s.logSlow, "time, or `0`", parseSlow), Default: "500ms",
			Description: "an operation that takes as long is logged as a warning, with the hash of its document; `0` for none",
		},
	}
}

func (s *settings) dataSettings() []config.Setting {
	return []config.Setting{
		{
			Name: "DATA_DIR", Value: config.Text(&s.dataDir, "folder"), Default: "data",
			Description: "the folder of the data file and the keys, when the data is in a file",
		},
		{
			Name: "CACHE_BYTES", Value: config.Parsed(&s.cacheBytes, "bytes", parseCacheBytes), Default: "67108864", Otherwise: "64 MB",
			Description: "how much of what was read from the data file is kept in memory; `0` keeps nothing. Whatever the size, every answer is up to date",
		},
		{Name: "MONGO_URI", Value: config.Text(&s.mongoURI, "URI"), Secret: true, Description: "keep the data in MongoDB instead"},
		{
			Name: "MONGO_DATABASE", Value: config.Parsed(&s.mongoDatabase, "name", checkDatabase), Otherwise: "that of `MONGO_URI`, else `crm`",
			Description: "the database; the one in the URI may still be that of the account",
		},
		{
			Name: "EVENT_RETENTION", Value: config.Parsed(&s.eventRetention, "days, or time", parseRetention), Default: "400d",
			Description: "how long the events of an entity are kept after its deletion; at least `30d`",
		},
		{
			Name: "COLLATION", Value: config.Parsed(&s.collation, "locale", textkey.ParseCollation), Otherwise: "the order that suits most languages",
			Description: "the language whose order lists by name or title have, such as `sv` or `de-u-co-phonebk`; after a change, " +
				"the next start takes longer, since it makes all sort keys again",
		},
		{
			Name: "DEFAULT_REGION", Value: config.Parsed(&s.region, "country", textkey.ParseRegion),
			Description: "the country whose telephone numbers are written without a country code, such as `IN` or `DE`",
		},
	}
}

func (s *settings) apiSettings() []config.Setting {
	// Development features are on by default when the data is in a file on one machine, where there is nothing to protect.
	development := func(name string, target *bool, description string) config.Setting {
		return config.Setting{Name: name, Value: config.Flag(target), Default: "true", Unless: "MONGO_URI", Description: description}
	}
	return []config.Setting{
		{
			Name: "ALLOW_STAFF_SIGNUP", Value: config.Flag(&s.allowStaffSignup), Default: "false",
			Description: "let anybody sign up as a `USER`",
		},
		{
			Name: "SHARED_QUEUE", Value: config.Flag(&s.sharedQueue), Default: "true",
			Description: "let every `USER` see the tickets that nobody is responsible for yet, those without an interaction and an assignee; " +
				"`false` shows them to admins only, who assign them",
		},
		{
			Name: "CUSTOMER_SIGNUP", Value: config.Parsed(&s.customerSignup, "`open`, `verified`, `invited` or `off`", db.ParseCustomerSignup),
			Otherwise:   "`verified` with `SMTP_HOST` and `PUBLIC_URL`, else `open`",
			Description: "who may sign up as a customer: anybody, with any address; whoever gets a link at the address; whom the staff invite; nobody",
		},
		{
			Name: "REQUIRE_TWO_FACTOR", Value: config.Parsed(&s.twoFactor, "`none`, `admins` or `staff`", db.ParseTwoFactorPolicy), Default: "none",
			Description: "who has to log in with a second factor, and sets it up at the next log-in; everybody may",
		},
		{
			Name: "PASSWORD_COST", Value: config.Parsed(&s.passwordCost, "10 to 14", auth.ParsePasswordCost), Default: strconv.Itoa(auth.DefaultPasswordCost),
			Description: "bcrypt's cost of hashing passwords, a quarter of a second of one processor by default; each step doubles it. " +
				"A hash of another cost is replaced when its owner logs in, so servers of one database need the same",
		},
		{
			Name: "REQUIRE_VERIFIED_EMAIL", Value: config.OptionalFlag(&s.requireVerifiedEmail),
			Otherwise: "`true` with `SMTP_HOST` and `PUBLIC_URL`, else `false`",
			Description: "customers see nothing but their own record until they have followed a link that is mailed to their address, and addresses change " +
				"only with such a link; see [Accounts](accounts.md#addresses)",
		},
		{
			Name: "PLAYGROUND", Value: config.Flag(&s.playground), Default: "true", Unless: "TRUSTED_DOCUMENTS",
			Description: "serve GraphiQL at `/`",
		},
		development("INTROSPECTION", &s.introspection, "let clients read the schema"),
		development("DEV_MAILBOX", &s.mailbox, "without `SMTP_HOST`, `/dev/mailbox` shows the stored mail, on this machine and to admins"),
		development("QUERY_COST", &s.showCost, "responses carry `extensions.cost`"),
		{
			Name: "BATCHING", Value: config.Flag(&s.batching), Default: "false",
			Description: "let a request contain a list of up to 10 operations",
		},
		{
			Name: "TRUSTED_DOCUMENTS", Value: config.Text(&s.trustedDocuments, "file"),
			Description: "a file with the only documents that may be run; see [Trusted documents](#trusted-documents)",
		},
		{
			Name: "FAST_PATH", Value: config.Flag(&s.fastPath), Default: "true",
			Description: "for comparison, `false` makes gqlgen's executor produce every response and reads each document's references one by one",
		},
	}
}

func (s *settings) messageSettings() []config.Setting {
	return []config.Setting{
		{
			Name: "APP_NAME", Value: config.Text(&s.messages.AppName, "name"), Default: notify.DefaultAppName,
			Description: "the product's name in mail",
		},
		{
			Name: "PUBLIC_URL", Value: config.Parsed(&s.publicURL, "URL", notify.ParsePublicURL),
			Description: "the address of your front end; mail links to it, and never to an address that a request names",
		},
		{
			Name: "LINK_PATH", Value: config.Parsed(&s.linkPath, "path", notify.ParseLinkPath), Default: notify.DefaultLinkPath,
			Description: "the path of a record there, such as `/#/{type}/{id}`; `{type}` is `interaction` or `ticket`",
		},
		{
			Name: "ACCOUNT_LINK_PATH", Value: config.Parsed(&s.accountLinkPath, "path", notify.ParseAccountLinkPath), Default: notify.DefaultAccountLinkPath,
			Description: "the path of the page there where a mailed link is used, such as `/#/{action}/{token}`; `{action}` is one of [those](accounts.md#mailed-links)",
		},
		{
			Name: "DEFAULT_TIME_ZONE", Value: config.Parsed(&s.messages.TimeZone, "time zone", db.ParseTimeZone), Default: "UTC",
			Description: "the IANA time zone of times in mail to accounts without a `timeZone`, such as `Asia/Kolkata`",
		},
		{
			Name: "MAIL_TEMPLATES", Value: config.Parsed(&s.messages.Templates, "folder", notify.ReadTemplates), Otherwise: "built-in",
			Description: "a folder with your own templates; see [Mail](mail.md)",
		},
	}
}

// readSettings reads and checks the settings. If the values have an error, the settings can't be used.
func readSettings(environment []string, dotEnv string) (settings, *config.Values) {
	s := newSettings()
	config.Read(config.Declaration{{Settings: s.oidc.NameSettings()}}, environment, dotEnv) // other names follow from it
	values := config.Read(s.declared(), environment, dotEnv)
	if s.limits.Transport.Time > maxOperationTime {
		values.Wrong("LIMIT_TIME", fmt.Errorf("must be at most %s, because connections are closed soon after", maxOperationTime))
	}
	if s.trustedDocuments != "" {
		var err error
		s.trusted, err = document.ReadTrusted(s.trustedDocuments, graph.ServedSchema(), s.limits.Document)
		values.Wrong("TRUSTED_DOCUMENTS", err)
	}
	if s.proxyProtocol && len(s.proxies) == 0 {
		values.Wrong("PROXY_PROTOCOL", errors.New("needs TRUSTED_PROXIES beside it"))
	}
	s.tls.check(values.Wrong)
	s.smtp.Check(values.Wrong)
	s.inbound.Check(values.Wrong)
	s.files.s3.Check(values.Wrong)
	if s.mongoURI != "" {
		inURI, err := mongo.DatabaseName(s.mongoURI, "crm")
		values.Wrong("MONGO_URI", err)
		if s.mongoDatabase == "" {
			s.mongoDatabase = inURI
		}
		s.secrets.CheckAll(values.Wrong)
	}
	s.secrets.Check(values.Wrong)
	for _, warning := range s.secrets.Weak() {
		values.Warn(warning)
	}
	s.messages.Links = notify.NewLinks(s.publicURL, s.linkPath, s.accountLinkPath)
	s.oidc.Check(s.publicURL, values.Wrong)
	s.chooseSignUp()
	s.messages.Inbox, s.inbound.Sender = s.inbound.Inbox, s.smtp.From
	s.inbound.Alone = s.mongoURI == ""
	s.messages.Sender, s.smtp.FromName = s.smtp.From, s.messages.AppName
	s.mailbox = s.mailbox && s.smtp.Host == ""
	return s, values
}

// chooseSignUp chooses how customers sign up, and whether addresses have to be verified, if the operator doesn't.
func (s *settings) chooseSignUp() {
	canMail := s.smtp.Host != "" && s.publicURL != "" // a link
	if s.requireVerifiedEmail == nil {
		s.requireVerifiedEmail = &canMail
	}
	if s.customerSignup == "" {
		s.customerSignup = db.SignupOpen
		if canMail {
			s.customerSignup = db.SignupVerified
		}
	}
}

func checkDatabase(name string) (string, error) { return name, mongo.CheckDatabaseName(name) }
