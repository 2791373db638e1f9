package transport

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/graph/transport/transporttest"
)

const (
	manySockets = 1000
	// idleSocketBytes is the maximum memory of a socket with an idle subscription, including the test's side of it.
	idleSocketBytes = 20 << 10
	// leftBytes is the maximum memory that remains after a thousand sockets are closed.
	leftBytes = 20 << 20
)

// detectsRaces reports whether the test was built with the race detector.
func detectsRaces() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// memory returns the size of the heap and the stacks in bytes.
func memory() int {
	for range 3 { // stacks shrink by half at each collection
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc + stats.StackInuse)
}

// TestSocketMemory opens a thousand sockets with an idle subscription each. It is not parallel: it measures the process.
func TestSocketMemory(t *testing.T) {
	server := newStreamServer(t, Config{})
	before := memory()
	conns := make([]net.Conn, manySockets)
	for i := range conns {
		conns[i], _ = server.rawSocket()
		messages := append(frame(`{"type":"connection_init"}`), frame(`{"type":"subscribe","id":"1","payload":{"query":"`+idle+`"}}`)...)
		if _, err := conns[i].Write(messages); err != nil {
			t.Fatal(err)
		}
		transporttest.Receive(t, server.schema.Started, "a subscription")
	}
	each := (memory() - before) / manySockets
	t.Logf("an idle subscriber costs %d bytes", each)
	switch {
	case detectsRaces():
		t.Log("the race detector makes stacks larger: the limit was not checked")
	case each > idleSocketBytes:
		t.Errorf("an idle subscriber costs %d bytes", each)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	checkNothingLeft(t, server, before)
}

// TestSocketsWithoutInit checks that sockets that send nothing are closed in time and release their memory.
func TestSocketsWithoutInit(t *testing.T) {
	server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Init: 100 * time.Millisecond}}})
	before := memory()
	for range manySockets {
		conn, reader := server.rawSocket()
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		go expectInitTimeout(t, conn, reader)
	}
	checkNothingLeft(t, server, before)
}

func expectInitTimeout(t *testing.T, conn net.Conn, reader *bufio.Reader) {
	defer conn.Close()
	end, err := io.ReadAll(reader)
	if err != nil || !strings.Contains(string(end), "\x11\x38Connection initialisation timeout") {
		t.Errorf("the socket ended with %q, %v", end, err)
	}
}

func checkNothingLeft(t *testing.T, server *streamServer, before int) {
	t.Helper()
	transporttest.Eventually(t, "the sockets are closed", func() bool { return server.handler.streams.count() == 0 })
	http.DefaultClient.CloseIdleConnections()
	left := memory() - before
	t.Logf("of %d sockets, %d bytes are left", manySockets, left)
	if left > leftBytes {
		t.Errorf("of %d sockets, %d bytes are left", manySockets, left)
	}
}
