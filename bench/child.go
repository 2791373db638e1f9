package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// child is a server in a child process.
type child struct {
	name    string
	address string
	// started is the time from its start to its first line of output.
	started time.Duration
	process *process
	command *exec.Cmd
	errors  *tail
	drained chan struct{}
}

// program is a program to start. The first group of banner matches the port that it listens on.
type program struct {
	name, path  string
	arguments   []string
	folder      string
	environment []string
	banner      *regexp.Regexp
}

// start starts a server and waits until it has printed its address.
func start(ctx context.Context, p program) (*child, error) {
	c := &child{name: p.name, errors: new(tail), drained: make(chan struct{})}
	c.command = exec.CommandContext(ctx, p.path, p.arguments...)
	c.command.Dir, c.command.Env, c.command.Stderr = p.folder, p.environment, c.errors
	c.command.Cancel = func() error { return c.command.Process.Signal(syscall.SIGTERM) }
	c.command.WaitDelay = stopTime
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", p.name, err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if match := p.banner.FindStringSubmatch(lines.Text()); match != nil {
			c.started, c.address = time.Since(began), "127.0.0.1:"+match[1]
			c.process = &process{id: c.command.Process.Pid}
			go func() {
				_, _ = io.Copy(io.Discard, out) // until the process exits
				close(c.drained)
			}()
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s exited at startup: %w\n%s", p.name, c.command.Wait(), c.errors)
}

// stopTime is how long a server may take to stop.
const stopTime = 40 * time.Second

// stop stops the server. If the server failed, the error contains its standard error output.
func (c *child) stop() error {
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot stop %s: %w", c.name, err)
	}
	kill := time.AfterFunc(stopTime, func() { _ = c.command.Process.Kill() })
	defer kill.Stop()
	<-c.drained
	if err := c.command.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, c.errors)
	}
	return nil
}

// tail keeps the end of the text that is written to it.
type tail struct {
	mutex sync.Mutex
	text  []byte
}

const tailSize = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(text []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, text...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(text), nil
}

// String implements fmt.Stringer.
func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return string(bytes.TrimSpace(t.text))
}
