package db

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // the container image has no time zones of its own
)

var errTimeZone = errors.New("must be the name of an IANA time zone, such as Asia/Kolkata")

// ParseTimeZone returns the IANA time zone with that name.
func ParseTimeZone(name string) (*time.Location, error) {
	switch area, _, _ := strings.Cut(name, "/"); area {
	case "", "Local", "localtime", "posixrules", "Factory", "posix", "right": // files of some machines, but no zones
		return nil, errTimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, errTimeZone
	}
	return zone, nil
}

// timeZone validates the name of a time zone. An empty one counts as missing.
func (p *Problems) timeZone(name *string) *string {
	if name == nil || isBlank(*name) {
		return nil
	}
	text := cleanLine(*name)
	if _, err := ParseTimeZone(text); err != nil {
		p.Add("timeZone", "%s", err.Error())
	}
	return &text
}
