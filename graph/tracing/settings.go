package tracing

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"crm/config"
)

// Config says where traces are sent, and which. Nothing is traced without an endpoint.
type Config struct {
	// endpoint is the address of the collector; nil if there is none.
	endpoint *url.URL
	headers  http.Header
	service  string
	sampler  string
	// ratio is the part of operations that a sampler with a ratio picks.
	ratio float64
}

// On reports whether anything is traced.
func (c *Config) On() bool { return c.endpoint != nil }

// defaultSampler follows the decision of whoever calls, and otherwise traces everything.
const defaultSampler = "parentbased_always_on"

// Settings declares the variables that every program with OpenTelemetry has, as far as this one follows them.
func (c *Config) Settings() []config.Setting {
	return []config.Setting{
		{
			Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: config.Parsed(&c.endpoint, "URL", parseEndpoint),
			Description: "send traces to an OpenTelemetry collector, such as `http://localhost:4318`, by OTLP over HTTP (protobuf, at `/v1/traces` below it); see [Watching it](operations.md)",
		},
		{
			Name: "OTEL_EXPORTER_OTLP_HEADERS", Value: config.Parsed(&c.headers, "list of `name=value`", parseHeaders), Secret: true,
			Description: "headers of those requests, such as `Authorization=Bearer%20…`, comma-separated",
		},
		{
			Name: "OTEL_SERVICE_NAME", Value: config.Text(&c.service, "name"), Default: "crm",
			Description: "the server's name in traces",
		},
		{
			Name: "OTEL_TRACES_SAMPLER", Value: config.Parsed(&c.sampler, "name of a sampler", parseSampler), Default: defaultSampler,
			Description: "which operations are traced: `always_on`, `always_off` or `traceidratio`; with `parentbased_` before it, a trusted proxy may decide",
		},
		{
			Name: "OTEL_TRACES_SAMPLER_ARG", Value: config.Parsed(&c.ratio, "number from 0 to 1", parseRatio), Default: "1",
			Description: "the part of operations that `traceidratio` picks, such as `0.01`",
		},
	}
}

func parseEndpoint(text string) (*url.URL, error) {
	endpoint, err := url.Parse(text)
	if err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "" || endpoint.User != nil {
		return nil, errors.New("must be an address such as http://localhost:4318; a token belongs into OTEL_EXPORTER_OTLP_HEADERS")
	}
	return endpoint, nil
}

// parseHeaders reads a list as W3C baggage has it: values may have percent escapes.
func parseHeaders(text string) (http.Header, error) {
	headers := http.Header{}
	for _, element := range config.List(text) {
		name, value, found := strings.Cut(element, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || strings.ContainsAny(name, " :\r\n") || err != nil || strings.ContainsAny(value, "\r\n") {
			return nil, errors.New("must be a list such as Authorization=Bearer%20token,Other=value")
		}
		headers.Add(name, value)
	}
	return headers, nil
}

// parentBased begins the name of a sampler that follows a decision that was made before.
const parentBased = "parentbased_"

func parseSampler(text string) (string, error) {
	switch strings.TrimPrefix(text, parentBased) {
	case "always_on", "always_off", "traceidratio":
		return text, nil
	}
	return "", errors.New("must be always_on, always_off or traceidratio, each also with parentbased_ before it")
}

func parseRatio(text string) (float64, error) {
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil || !(ratio >= 0 && ratio <= 1) {
		return 0, errors.New("must be a number from 0 to 1, such as 0.01")
	}
	return ratio, nil
}

// newSampler returns the sampler that is configured.
func (c *Config) newSampler() sdk.Sampler {
	var sampler sdk.Sampler
	name, follows := strings.CutPrefix(c.sampler, parentBased)
	switch name {
	case "always_off":
		sampler = sdk.NeverSample()
	case "traceidratio":
		sampler = sdk.TraceIDRatioBased(c.ratio)
	default:
		sampler = sdk.AlwaysSample()
	}
	if follows {
		return sdk.ParentBased(sampler)
	}
	return sampler
}
