package clamav_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"crm/files/clamav"
)

// eicar is the test file that every virus scanner takes for a virus, in two parts so that none takes this file for one.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`

// serve runs a clamd whose StreamMaxLength is limit, and returns its address.
func serve(t *testing.T, limit int) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, answer(bufio.NewReader(connection), limit))
			_ = connection.Close()
		}
	}()
	return listener.Addr().String()
}

// answer reads a command and returns clamd's reply.
func answer(in *bufio.Reader, limit int) string {
	if command, err := in.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return "UNKNOWN COMMAND\x00"
	}
	var content bytes.Buffer
	for {
		var size uint32
		if err := binary.Read(in, binary.BigEndian, &size); err != nil {
			return ""
		}
		if content.Len()+int(size) > limit {
			return "INSTREAM size limit exceeded. ERROR\x00"
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(&content, in, int64(size)); err != nil {
			return ""
		}
	}
	if bytes.Contains(content.Bytes(), []byte(eicar)) {
		return "stream: Win.Test.EICAR_HDB-1 FOUND\x00"
	}
	return "stream: OK\x00"
}

func TestScan(t *testing.T) {
	t.Parallel()
	scanner := clamav.New(serve(t, 1<<20))
	large := strings.Repeat("x", 300_000)
	for name, test := range map[string]struct {
		content io.Reader
		threat  string
		fails   string
	}{
		"clean": {strings.NewReader("a letter"), "", ""}, "empty": {strings.NewReader(""), "", ""},
		"large":    {iotest.HalfReader(strings.NewReader(large)), "", ""},
		"infected": {strings.NewReader(large + eicar), "Win.Test.EICAR_HDB-1", ""},
		"too large": {io.MultiReader(strings.NewReader(large), strings.NewReader(large), strings.NewReader(large), strings.NewReader(large)), "",
			"clamd"},
		"unreadable": {io.MultiReader(strings.NewReader(large), iotest.ErrReader(errors.New("the disk is broken"))), "", "the disk is broken"},
	} {
		threat, err := scanner.Scan(t.Context(), test.content)
		if threat != test.threat || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: found %q, %v", name, threat, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := scanner.Scan(ended, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
	if _, err := clamav.New("127.0.0.1:1").Scan(t.Context(), strings.NewReader("x")); err == nil {
		t.Error("there is no error without a clamd")
	}
}
