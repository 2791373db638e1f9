package main

import (
	"fmt"
	"io"
	"time"
)

// progress tells whoever waits what is being done, in a line now and then.
type progress struct {
	out  io.Writer
	last time.Time
}

// progressPause is how long nothing more is said after a line.
const progressPause = 2 * time.Second

// show says what is being done now.
func (p *progress) show(format string, arguments ...any) {
	if time.Since(p.last) >= progressPause {
		p.last = time.Now()
		_, _ = fmt.Fprintf(p.out, format+"\n", arguments...)
	}
}
