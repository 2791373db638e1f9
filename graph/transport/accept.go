package transport

import (
	"net/http"
	"strconv"
	"strings"
)

// The media types of responses.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
)

// eventsPreference says whether a client accepts an event stream.
type eventsPreference int

const (
	eventsRefused eventsPreference = iota
	// eventsAccepted is for clients that accept both JSON and event streams: the operation determines which they get.
	eventsAccepted
	eventsPreferred
)

// preferences are a request's preferences for the response.
type preferences struct {
	// media is mediaJSON or mediaGraphQL, whichever the client prefers; accepted is false if it takes neither.
	media    string
	accepted bool
	events   eventsPreference
	encoding contentEncoding
	// varies means that the client listed the encodings that it accepts.
	varies bool
}

// negotiate reads the headers Accept and Accept-Encoding.
func negotiate(header http.Header) preferences {
	media, accepted := negotiateMedia(header["Accept"])
	return preferences{
		media: media, accepted: accepted, events: negotiateEvents(header["Accept"]),
		encoding: negotiateEncoding(header["Accept-Encoding"]), varies: header.Get("Accept-Encoding") != "",
	}
}

// Accepts reports whether the values of a header like Accept contain a name, such as a media type.
func Accepts(values []string, name string) bool {
	accepted := false
	eachAccepted(values, func(given string, quality float64) {
		accepted = accepted || given == name && quality > 0
	})
	return accepted
}

// negotiateMedia returns the media type that the Accept headers prefer; ok is false if they allow neither. A client without
// a preference gets application/json, which every client understands.
func negotiateMedia(accept []string) (media string, ok bool) {
	best, named := 0.0, false
	eachAccepted(accept, func(name string, quality float64) {
		named = true
		isExact := true
		switch name {
		case mediaGraphQL, mediaJSON:
		case "*/*", "application/*":
			name, isExact = mediaJSON, false
		default:
			return
		}
		if quality > best || quality == best && quality > 0 && isExact && name == mediaGraphQL {
			best, media = quality, name
		}
	})
	if media == "" {
		return mediaJSON, !named
	}
	return media, true
}

// negotiateEvents returns the preference of the Accept headers for event streams.
func negotiateEvents(accept []string) eventsPreference {
	events, others := 0.0, 0.0
	eachAccepted(accept, func(name string, quality float64) {
		switch name {
		case mediaEvents:
			events = max(events, quality)
		case mediaJSON, mediaGraphQL:
			others = max(others, quality)
		}
	})
	switch {
	case events == 0:
		return eventsRefused
	case events > others:
		return eventsPreferred
	}
	return eventsAccepted
}

// negotiateEncoding returns the encoding that the client prefers, and zstd if it accepts gzip just as well, because zstd
// compresses better in the same time.
func negotiateEncoding(accept []string) contentEncoding {
	var gzip, zstd, identity, others float64
	namesGzip := false
	eachAccepted(accept, func(name string, quality float64) {
		switch name {
		case string(encodedGzip):
			gzip, namesGzip = quality, true
		case string(encodedZstd):
			zstd = quality
		case "identity":
			identity = quality
		case "*":
			others = quality
		}
	})
	if !namesGzip {
		gzip = others // every client supports gzip
	}
	switch {
	case zstd > 0 && zstd >= max(gzip, identity):
		return encodedZstd
	case gzip > 0 && gzip >= identity:
		return encodedGzip
	}
	return notEncoded
}

// eachAccepted visits the elements of a header like Accept with their quality, which is 1 if it is missing and 0 if it is
// invalid.
func eachAccepted(values []string, visit func(name string, quality float64)) {
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(element, ";")
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
				visit(name, parseQuality(params))
			}
		}
	}
}

func parseQuality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, given := strings.Cut(param, "=")
		if !given || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || quality < 0 || quality > 1 {
			return 0
		}
		return quality
	}
	return 1
}
