package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress tells whoever waits what is being done: on a terminal in one line that changes, elsewhere in a line now and
// then.
type progress struct {
	out      io.Writer
	terminal bool
	shown    time.Time
}

// quietTime is how long nothing more is said where each line stays.
const quietTime = 2 * time.Second

func newProgress(out io.Writer) *progress {
	file, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// show says what is being done now.
func (p *progress) show(format string, arguments ...any) {
	switch text := fmt.Sprintf(format, arguments...); {
	case p.terminal:
		_, _ = fmt.Fprint(p.out, clearLine, text)
	case time.Since(p.shown) >= quietTime:
		p.shown = time.Now()
		_, _ = fmt.Fprintln(p.out, text)
	}
}

// note says what is to stay.
func (p *progress) note(format string, arguments ...any) {
	p.end()
	_, _ = fmt.Fprintf(p.out, format+"\n", arguments...)
}

// end clears what is shown.
func (p *progress) end() {
	if p.terminal {
		_, _ = fmt.Fprint(p.out, clearLine)
	}
}

// clearLine goes back to the line's start and clears it.
const clearLine = "\r\x1b[K"
