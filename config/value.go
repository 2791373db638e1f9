package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is what a variable's text must be, and where it goes once it has been checked.
type Value struct {
	// kind is what the text must be, for people.
	kind string
	// set checks a text, which isn't empty, and sets the target. Its error doesn't contain the text, which may be a secret
	// in the wrong place.
	set func(text string) error
}

// Parsed is a value of the given kind, which parse returns. An error of parse must not contain the text.
func Parsed[T any](target *T, kind string, parse func(text string) (T, error)) Value {
	return Value{kind: kind, set: func(text string) error {
		value, err := parse(text)
		if err == nil {
			*target = value
		}
		return err
	}}
}

// Text is any text; kind says which one makes sense.
func Text(target *string, kind string) Value {
	return Parsed(target, kind, func(text string) (string, error) { return text, nil })
}

// Flag is true or false.
func Flag(target *bool) Value { return Parsed(target, "true or false", parseFlag) }

// OptionalFlag is true or false. The target stays nil if the variable isn't set, and its default depends on others.
func OptionalFlag(target **bool) Value {
	return Parsed(target, "true or false", func(text string) (*bool, error) {
		flag, err := parseFlag(text)
		return &flag, err
	})
}

func parseFlag(text string) (bool, error) {
	switch text {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, errors.New("must be true or false")
}

// Port is the number of a port, at least the given one.
func Port(target *int, least uint16) Value {
	return Parsed(target, "port", func(text string) (int, error) {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port < uint64(least) {
			return 0, fmt.Errorf("must be a port number from %d to %d", least, math.MaxUint16)
		}
		return int(port), nil
	})
}

// Duration is a positive time such as 30s.
func Duration(target *time.Duration) Value {
	return Parsed(target, "time", func(text string) (time.Duration, error) {
		duration, err := time.ParseDuration(text)
		if err != nil || duration <= 0 {
			return 0, errors.New("must be a time such as 30s or 5m")
		}
		return duration, nil
	})
}

// Limit declares a limit, a positive number. The default is what the target contains.
func Limit[N int | int64](name string, target *N, description string) Setting {
	parse := func(text string) (N, error) {
		n, err := strconv.ParseInt(text, 10, 0)
		if err != nil || n < 1 || n > math.MaxInt32 {
			return 0, fmt.Errorf("must be a whole number from 1 to %d", math.MaxInt32)
		}
		return N(n), nil
	}
	return Setting{
		Name: name, Value: Parsed(target, "whole number", parse), Default: strconv.FormatInt(int64(*target), 10), Description: description,
	}
}

// List splits a comma-separated list, without the spaces around its elements, and without empty ones.
func List(text string) []string {
	var elements []string
	for element := range strings.SplitSeq(text, ",") {
		if element = strings.TrimSpace(element); element != "" {
			elements = append(elements, element)
		}
	}
	return elements
}
