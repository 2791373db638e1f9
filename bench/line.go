package main

import (
	"fmt"
	"io"
	"strings"
)

// line is a line of figures: a name, then name=value pairs.
type line struct{ parts []string }

func newLine(name string) *line { return &line{parts: []string{name}} }

// add adds a figure, with a number of decimals that depends on its size.
func (l *line) add(name string, value float64) {
	decimals := 3
	switch {
	case value >= 1000:
		decimals = 0
	case value >= 100:
		decimals = 1
	case value >= 10:
		decimals = 2
	}
	l.parts = append(l.parts, fmt.Sprintf("%s=%.*f", name, decimals, value))
}

// count adds an integer.
func (l *line) count(name string, value int) {
	l.parts = append(l.parts, fmt.Sprintf("%s=%d", name, value))
}

func (l *line) print(out io.Writer) error {
	_, err := fmt.Fprintln(out, strings.Join(l.parts, " "))
	return err
}
