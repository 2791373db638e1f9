package transport

import (
	"net/http"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
)

// eventsWish is whether a client takes an event stream.
type eventsWish int

const (
	eventsRefused eventsWish = iota
	// eventsAccepted is for clients that name both JSON and event streams: they get whichever fits the operation.
	eventsAccepted
	eventsPreferred
)

// wishes is what a request's headers say of the answer.
type wishes struct {
	// media is mediaJSON or mediaGraphQL, whichever the client prefers; accepted is false if it takes neither.
	media    string
	accepted bool
	events   eventsWish
	encoding contentEncoding
	// varies tells that the client said what encodings it accepts.
	varies bool
}

// negotiate reads the headers Accept and Accept-Encoding.
func negotiate(header http.Header) wishes {
	media, accepted := negotiateMedia(header["Accept"])
	return wishes{
		media: media, accepted: accepted, events: negotiateEvents(header["Accept"]),
		encoding: negotiateEncoding(header["Accept-Encoding"]), varies: header.Get("Accept-Encoding") != "",
	}
}

// Accepts reports whether the values of a header like Accept name a media type, or whatever else it lists.
func Accepts(values []string, name string) bool {
	accepted := false
	eachAccepted(values, func(given string, quality float64) {
		accepted = accepted || given == name && quality > 0
	})
	return accepted
}

// negotiateMedia returns the media type that the Accept headers prefer; ok is false if they allow neither. A client that
// prefers none gets application/json, which every client understands.
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

// negotiateEvents returns what the Accept headers say of event streams.
func negotiateEvents(accept []string) eventsWish {
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

// negotiateEncoding returns the encoding that the client prefers; zstd, if it takes gzip as well, since zstd makes the
// answer smaller in the same time.
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
		gzip = others // every client knows gzip
	}
	switch {
	case zstd > 0 && zstd >= max(gzip, identity):
		return encodedZstd
	case gzip > 0 && gzip >= identity:
		return encodedGzip
	}
	return notEncoded
}

// eachAccepted visits the elements of a header that lists what a client accepts, with their quality: 1 for one that has
// none, and 0 for one that can't be read.
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
