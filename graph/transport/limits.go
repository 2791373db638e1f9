package transport

import (
	"cmp"
	"time"

	"crm/config"
)

// Limits bounds requests. Zero means the default.
type Limits struct {
	// Body is the size of a request's body in bytes.
	Body int64
	// Values is the number of JSON values in a request's body, or in a GET's variables and extensions, including nested
	// ones.
	Values int
	// Time is how long an operation may run.
	Time time.Duration
	// Streams bounds sockets and event streams.
	Streams StreamLimits
}

// WithDefaults replaces each zero with the default.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Body: cmp.Or(l.Body, 1<<20), Values: cmp.Or(l.Values, 5_000), Time: cmp.Or(l.Time, 30*time.Second),
		Streams: l.Streams.withDefaults(),
	}
}

// Settings declares the variables that set the limits.
func (l *Limits) Settings() []config.Setting {
	return []config.Setting{
		config.Limit("LIMIT_BODY_BYTES", &l.Body, "size of a request's body (else 413)"),
		config.Limit("LIMIT_VALUES", &l.Values, "JSON values in it"),
		{
			Name: "LIMIT_TIME", Value: config.Duration(&l.Time), Default: l.Time.String(),
			Description: "how long an operation may run before it and its calls to the store are cancelled",
		},
		config.Limit("LIMIT_STREAMS", &l.Streams.Open, "open WebSockets and event streams"),
		config.Limit("LIMIT_STREAMS_PER_ADDRESS", &l.Streams.PerAddress,
			"open WebSockets and event streams of one address (for IPv6, of one /64); behind a proxy, also set `TRUSTED_PROXIES`"),
		config.Limit("LIMIT_SOCKET_OPERATIONS", &l.Streams.Operations, "operations under way on one WebSocket"),
	}
}

// StreamLimits bounds sockets and event streams. Zero means the default.
type StreamLimits struct {
	// Open is how many may be open at a time; PerAddress is how many of them may be of one network address, or for IPv6 of
	// one /64 network.
	Open, PerAddress int
	// Operations is how many operations may be under way on one socket.
	Operations int
	// Init is how long a client may take to send connection_init on a socket that it has opened.
	Init time.Duration
	// Heartbeat is how often the server checks that the client is alive and its session valid.
	Heartbeat time.Duration
	// Transfer is how long a client may take to send one message, to accept one, or to answer a ping.
	Transfer time.Duration
}

func (l StreamLimits) withDefaults() StreamLimits {
	return StreamLimits{
		Open: cmp.Or(l.Open, 10_000), PerAddress: cmp.Or(l.PerAddress, 2_000), Operations: cmp.Or(l.Operations, 100),
		Init: cmp.Or(l.Init, 3*time.Second), Heartbeat: cmp.Or(l.Heartbeat, 20*time.Second),
		Transfer: cmp.Or(l.Transfer, 10*time.Second),
	}
}
