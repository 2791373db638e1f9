package mongotest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// server is a MongoDB, usually a FerretDB in a process of its own. That process ends when its standard input is closed,
// even if only by the end of this process or by garbage collection of input.
type server struct {
	uri    string
	input  io.Closer
	output *buffer
	// ended is closed when the process has ended; it is nil if there is none.
	ended chan struct{}
}

// start builds FerretDB, unless it is cached, and runs it. Without dir, it removes its data when it ends.
func start(dir, address string) (*server, error) {
	program, err := build()
	if err != nil {
		return nil, fmt.Errorf("cannot build FerretDB: %w", err)
	}
	s := &server{output: new(buffer), ended: make(chan struct{})}
	command := exec.CommandContext(context.Background(), program, "-dir", dir, "-listen", address)
	command.Stderr = s.output
	if s.input, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", program, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() {
		defer close(s.ended)
		_ = command.Wait() // its output says how it ended
	}()
	if err != nil {
		<-s.ended
		return nil, withOutput(fmt.Errorf("%s ended before it served", program), s.output.String())
	}
	s.uri = strings.TrimSpace(line)
	return s, nil
}

// failure returns an error if the process has ended.
func (s *server) failure() error {
	select {
	case <-s.ended:
		return withOutput(errors.New("its process has ended"), s.output.String())
	default:
		return nil
	}
}

// stop ends the process and waits until it has ended.
func (s *server) stop() {
	_ = s.input.Close()
	<-s.ended
}

// buffer keeps what a process writes while it runs.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns what has been written so far.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
