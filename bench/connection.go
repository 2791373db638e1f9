package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// connection is a persistent HTTP/1.1 connection that sends encoded requests and reads whole responses into one buffer. The
// load shares the processors with the servers: net/http's client took 40 µs of processor time for each request of Q2, this
// takes 20.
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte
}

// readAhead is large enough to read most responses with one call.
const readAhead = 64 << 10

func dial(ctx context.Context, address string) (*connection, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{conn: conn, reader: bufio.NewReaderSize(conn, readAhead)}, nil
}

// close closes the connection, if there is one.
func (c *connection) close() {
	if c != nil {
		_ = c.conn.Close() // no data is in flight
	}
}

// send sends a request and returns the response's status and body, which is valid until the next call.
func (c *connection) send(request []byte) (status int, body []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.line()
	if err != nil {
		return 0, nil, err
	}
	const before = len("HTTP/1.1 ")
	if len(line) < before+3 {
		return 0, nil, fmt.Errorf("cannot read status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[before : before+3])); err != nil {
		return 0, nil, fmt.Errorf("cannot read status line %q", line)
	}
	length, err := c.headers()
	if err != nil {
		return 0, nil, err
	}
	c.body = c.body[:0]
	if length == chunked {
		err = c.readChunks()
	} else {
		err = c.read(length)
	}
	return status, c.body, err
}

// The lengths of bodies that are not given by a number.
const (
	unknown = -1
	chunked = -2
)

// headers reads the headers and returns the length of the body.
func (c *connection) headers() (length int, err error) {
	length = unknown
	for {
		line, err := c.line()
		if err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, fmt.Errorf("cannot read header %q", line)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = chunked
		case bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(value, []byte("close")):
			return 0, errors.New("the server closes the connection")
		}
	}
	if length == unknown {
		return 0, errors.New("the response's length is unknown")
	}
	return length, nil
}

func (c *connection) line() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// read appends n bytes to the body.
func (c *connection) read(length int) error {
	have := len(c.body)
	if need := have + length; cap(c.body) < need {
		c.body = append(make([]byte, 0, 2*need), c.body...)
	}
	c.body = c.body[:have+length]
	_, err := io.ReadFull(c.reader, c.body[have:])
	return err
}

func (c *connection) readChunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("cannot read chunk size %q", line)
		}
		if err := c.read(int(size)); err != nil {
			return err
		}
		if _, err := c.line(); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
