package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"crm/db"
	"crm/db/cache"
	"crm/db/mongo"
	"crm/db/textkey"
	"crm/graph"
	"crm/graph/document"
	"crm/graph/transport"
	"crm/notify"
	"crm/notify/mail"
)

// settings are the parsed environment variables.
type settings struct {
	port, dataDir           string
	mongoURI, mongoDatabase string
	smtp                    mail.SMTPConfig
	messages                notify.Config
	origins                 transport.Origins
	proxies                 transport.Proxies
	logLevel                slog.Level
	// logSlow is how long an operation takes at least that is logged as slow; zero means none is.
	logSlow        time.Duration
	limits         graph.Limits
	eventRetention time.Duration
	// cacheBytes is the size of the cache of a data file, zero for none.
	cacheBytes int
	keys       *textkey.Keys
	metrics    metricsSettings
	// trusted is nil if clients may run any document.
	trusted *document.Trusted

	allowStaffSignup, playground, introspection, mailbox, showCost, fastPath, batching bool
}

// readSettings reads the variables. The error has a line for each wrong variable, with its name.
func readSettings(variable func(name string) string) (settings, error) {
	v := variables{get: variable}
	s := settings{
		port: v.port("PORT", "8080"), dataDir: v.text("DATA_DIR", "data"), mongoURI: variable("MONGO_URI"),
		origins: read(&v, "ALLOWED_ORIGINS", transport.ParseOrigins), proxies: read(&v, "TRUSTED_PROXIES", transport.ParseProxies),
		logLevel: read(&v, "LOG_LEVEL", parseLevel), logSlow: read(&v, "LOG_SLOW", parseSlow), eventRetention: read(&v, "EVENT_RETENTION", parseRetention),
		cacheBytes:       read(&v, "CACHE_BYTES", parseCacheBytes),
		keys:             textkey.New(read(&v, "DEFAULT_REGION", textkey.ParseRegion), read(&v, "COLLATION", textkey.ParseCollation)),
		allowStaffSignup: v.flag("ALLOW_STAFF_SIGNUP", false),
		metrics:          v.metrics(),
	}
	var err error
	s.limits, err = graph.ReadLimits(variable)
	v.check(err)
	if s.limits.Transport.Time > maxOperationTime {
		v.check(fmt.Errorf("LIMIT_TIME: must be at most %s, because connections are closed soon after", maxOperationTime))
	}
	if variable("TRUSTED_DOCUMENTS") != "" {
		s.trusted = read(&v, "TRUSTED_DOCUMENTS", func(path string) (*document.Trusted, error) {
			return document.ReadTrusted(path, graph.ServedSchema(), s.limits.Document)
		})
	}
	s.messages = v.messages()
	// Development features are on by default when the data is in a file on one machine, where there is nothing to protect.
	development := s.mongoURI == ""
	s.playground = v.flag("PLAYGROUND", s.trusted == nil)
	s.introspection = v.flag("INTROSPECTION", development)
	s.mailbox = v.flag("DEV_MAILBOX", development) && variable("SMTP_HOST") == ""
	s.showCost = v.flag("QUERY_COST", development)
	s.fastPath = v.flag("FAST_PATH", true)
	s.batching = v.flag("BATCHING", false)
	s.smtp, err = mail.ReadSMTPConfig(variable)
	v.check(err)
	s.messages.Sender, s.smtp.FromName = s.smtp.From, s.messages.AppName
	if !development {
		const fallback = "crm"
		inURI := read(&v, "MONGO_URI", func(uri string) (string, error) { return mongo.DatabaseName(uri, fallback) })
		s.mongoDatabase = read(&v, "MONGO_DATABASE", func(name string) (string, error) {
			if name == "" {
				return inURI, nil
			}
			return mongo.DatabaseName("mongodb:///", name)
		})
	}
	return s, errors.Join(v.errs...)
}

// variables reads environment variables and keeps the errors.
type variables struct {
	get  func(name string) string
	errs []error
}

// check keeps an error, unless it is nil.
func (v *variables) check(err error) {
	if err != nil {
		v.errs = append(v.errs, err)
	}
}

func (v *variables) text(name, fallback string) string {
	return cmp.Or(v.get(name), fallback)
}

func (v *variables) flag(name string, fallback bool) bool {
	return read(v, name, func(text string) (bool, error) {
		switch text {
		case "":
			return fallback, nil
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
		return false, fmt.Errorf("must be true or false, not %q", text)
	})
}

// messages reads how messages look.
func (v *variables) messages() notify.Config {
	c := notify.Config{
		AppName:  v.text("APP_NAME", notify.DefaultAppName),
		Links:    notify.NewLinks(read(v, "PUBLIC_URL", notify.ParsePublicURL), read(v, "LINK_PATH", notify.ParseLinkPath)),
		TimeZone: read(v, "DEFAULT_TIME_ZONE", parseTimeZone),
	}
	if v.get("MAIL_TEMPLATES") != "" {
		c.Templates = read(v, "MAIL_TEMPLATES", notify.ReadTemplates)
	}
	return c
}

func parseTimeZone(name string) (*time.Location, error) {
	return db.ParseTimeZone(cmp.Or(name, "UTC"))
}

func (v *variables) port(name, fallback string) string {
	return read(v, name, func(text string) (string, error) {
		if _, err := strconv.ParseUint(cmp.Or(text, fallback), 10, 16); err != nil {
			return "", fmt.Errorf("must be a port number, not %q", text)
		}
		return cmp.Or(text, fallback), nil
	})
}

func parseLevel(text string) (slog.Level, error) {
	var level slog.Level
	if text == "" {
		return slog.LevelInfo, nil
	}
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("must be debug, info, warn or error, not %q", text)
	}
	return level, nil
}

// defaultSlow is how long an operation takes at least that is logged as slow. Hashing a password takes half of it.
const defaultSlow = 500 * time.Millisecond

func parseSlow(text string) (time.Duration, error) {
	if text == "" {
		return defaultSlow, nil
	}
	slow, err := time.ParseDuration(text)
	if err != nil || slow < 0 {
		return 0, fmt.Errorf("must be a duration like 500ms, or 0 for none, not %q", text)
	}
	return slow, nil
}

// parseRetention reads a number of days, as in 400d, or a time like 9600h. Zero is the default.
func parseRetention(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	retention, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		retention = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || retention < db.MinEventRetention {
		return 0, fmt.Errorf("must be at least 30 days, such as 400d or 9600h, not %q", text)
	}
	return retention, nil
}

// defaultCacheBytes is the size of the cache: 64 MB.
const defaultCacheBytes = 64 << 20

func parseCacheBytes(text string) (int, error) {
	if text == "" {
		return defaultCacheBytes, nil
	}
	bytes, err := strconv.ParseUint(text, 10, 40)
	if err != nil || bytes > 0 && bytes < cache.MinBytes {
		return 0, fmt.Errorf("must be a number of bytes, at least %d, or 0 for no cache, not %q", cache.MinBytes, text)
	}
	return int(bytes), nil
}

func read[T any](v *variables, name string, parse func(text string) (T, error)) T {
	value, err := parse(v.get(name))
	if err != nil {
		v.check(fmt.Errorf("%s: %w", name, err))
	}
	return value
}
