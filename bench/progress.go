package main

import (
	"fmt"
	"io"
	"time"
)

// progress prints lines about the progress of the benchmark.
type progress struct {
	out  io.Writer
	last time.Time
}

// progressPause is the minimum time between two lines.
const progressPause = 2 * time.Second

// show prints the current step.
func (p *progress) show(format string, arguments ...any) {
	if time.Since(p.last) >= progressPause {
		p.last = time.Now()
		_, _ = fmt.Fprintf(p.out, format+"\n", arguments...)
	}
}
