package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// audience is many subscribers. One thread reads all of their sockets, because it shares the processors with the server:
// a goroutine for each would take several times as long.
type audience struct {
	epoll   int
	sockets []socket
	tickets int
	// counts counts how many subscribers have received each change, complete is when the last one had.
	counts   [][]int
	complete [][]time.Time
	received atomic.Int64
	stopped  sync.WaitGroup
	failed   chan error
}

// socket is one subscriber's connection.
type socket struct {
	fd int
	// rest is the beginning of a frame whose end hasn't been read.
	rest []byte
	// next is the number of the next change of each ticket, and seq the position of its last one.
	next, seq [changingTickets]int
}

// openAudience subscribes many times.
func openAudience(address, token string, subscribers, tickets int) (*audience, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	a := &audience{
		epoll: epoll, sockets: make([]socket, subscribers), tickets: tickets, failed: make(chan error, 1),
		counts: make([][]int, tickets), complete: make([][]time.Time, tickets),
	}
	next, errs := make(chan int), make(chan error, subscribers)
	var opening sync.WaitGroup
	for range 16 {
		opening.Go(func() {
			for n := range next {
				if err := a.sockets[n].open(address, token); err != nil {
					errs <- err
				}
			}
		})
	}
	for n := range a.sockets {
		next <- n
	}
	close(next)
	opening.Wait()
	select {
	case err := <-errs:
		return nil, fmt.Errorf("cannot subscribe: %w", err)
	default:
	}
	for n := range a.sockets {
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(n)}
		if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, a.sockets[n].fd, &event); err != nil {
			return nil, err
		}
	}
	a.stopped.Go(a.run)
	return a, nil
}

// open opens a subscription and waits for the pong to a ping that follows it.
func (s *socket) open(address, token string) error {
	to, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return err
	}
	if s.fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	server := syscall.SockaddrInet4{Port: to.Port}
	copy(server.Addr[:], to.IP.To4())
	if err := syscall.Connect(s.fd, &server); err != nil {
		return err
	}
	_ = syscall.SetsockoptTimeval(s.fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 20})
	upgrade := "GET /graphql HTTP/1.1\r\nHost: " + address + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
	if token != "" {
		upgrade += "Authorization: Bearer " + token + "\r\n"
	}
	if err := s.exchange([]byte(upgrade+"\r\n"), "\r\n\r\n"); err != nil {
		return err
	}
	subscribe := `{"type":"subscribe","id":"1","payload":` + encode(map[string]any{"query": liveQuery}) + `}`
	if err := s.exchange(maskedFrame(opcodeText, `{"type":"connection_init"}`), `connection_ack`); err != nil {
		return err
	}
	return s.exchange(append(maskedFrame(opcodeText, subscribe), maskedFrame(opcodeText, `{"type":"ping"}`)...), `"pong"`)
}

// exchange writes a text and reads until it has read another.
func (s *socket) exchange(text []byte, until string) error {
	if _, err := syscall.Write(s.fd, text); err != nil {
		return err
	}
	var got []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(got, []byte(until)) {
		n, err := syscall.Read(s.fd, buf)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return fmt.Errorf("read %q, then %d, %w", got, n, err)
		}
		got = append(got, buf[:n]...)
	}
	return nil
}

// maskedFrame returns a client's frame whose mask is zero.
func maskedFrame(opcode byte, text string) []byte {
	frame := []byte{0x80 | opcode}
	if len(text) < 126 {
		frame = append(frame, 0x80|byte(len(text)))
	} else {
		frame = append(frame, 0x80|126, byte(len(text)>>8), byte(len(text)))
	}
	return append(append(frame, 0, 0, 0, 0), text...)
}

// run reads what the sockets receive until the audience is closed.
func (a *audience) run() {
	runtime.LockOSThread()
	events := make([]syscall.EpollEvent, 256)
	buf := make([]byte, 256<<10)
	for {
		n, err := syscall.EpollWait(a.epoll, events, 100)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return // closed
		}
		for _, event := range events[:n] {
			if err := a.read(&a.sockets[event.Fd], buf); err != nil {
				select {
				case a.failed <- err:
				default:
				}
				return
			}
		}
	}
}

func (a *audience) read(s *socket, buf []byte) error {
	have := copy(buf, s.rest)
	n, err := syscall.Read(s.fd, buf[have:])
	if errors.Is(err, syscall.EINTR) {
		return nil // there will be another event
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("a subscriber's socket was closed")
	}
	text, now := buf[:have+n], time.Now()
	for {
		opcode, payload, rest, ok := readFrame(text)
		if !ok {
			break
		}
		if err := a.take(s, opcode, payload, now); err != nil {
			return err
		}
		text = rest
	}
	s.rest = append(s.rest[:0], text...)
	return nil
}

// readFrame returns the first frame of a server's text, and what follows it.
func readFrame(text []byte) (opcode byte, payload, rest []byte, ok bool) {
	if len(text) < 4 {
		return 0, nil, text, false
	}
	begin, length := 2, int(text[1])
	if length == 126 {
		begin, length = 4, int(text[2])<<8|int(text[3])
	}
	if len(text) < begin+length {
		return 0, nil, text, false
	}
	return text[0] & 0x0f, text[begin : begin+length], text[begin+length:], true
}

const (
	opcodeText  = 1
	opcodeClose = 8
	opcodePing  = 9
	opcodePong  = 10
)

// take checks a frame, and counts the change in it.
func (a *audience) take(s *socket, opcode byte, payload []byte, now time.Time) error {
	switch opcode {
	case opcodeText:
	case opcodePing:
		_, err := syscall.Write(s.fd, maskedFrame(opcodePong, string(payload)))
		return err
	default:
		return fmt.Errorf("a subscriber received a frame %d: %q", opcode, payload)
	}
	ticket, shown, seq, ok := readChange(payload)
	if !ok {
		return fmt.Errorf("a subscriber received %s", payload)
	}
	// A document may be newer than the change, but it can't be older.
	number := s.next[ticket]
	if shown < number || seq <= s.seq[ticket] {
		return fmt.Errorf("a subscriber received %s as change %d, after seq %d", payload, number, s.seq[ticket])
	}
	s.seq[ticket] = seq
	s.next[ticket]++
	if number == len(a.counts[ticket]) {
		a.counts[ticket], a.complete[ticket] = append(a.counts[ticket], 0), append(a.complete[ticket], time.Time{})
	}
	if a.counts[ticket][number]++; a.counts[ticket][number] == len(a.sockets) {
		a.complete[ticket][number] = now
	}
	a.received.Add(1)
	return nil
}

// readChange returns the ticket that changed, the number of the change that its title shows, and the position in the log.
func readChange(payload []byte) (ticket, shown, seq int, ok bool) {
	title, okTitle := after(payload, `"title":"change `)
	position, okSeq := after(payload, `"seq":"`)
	if !okTitle || !okSeq || len(title) < len("0 000000") {
		return 0, 0, 0, false
	}
	return int(title[0]-'0') % changingTickets, leadingNumber(title[2:]), leadingNumber(position), true
}

// after returns the text after a mark.
func after(text []byte, mark string) (rest []byte, found bool) {
	at := bytes.Index(text, []byte(mark))
	if at < 0 {
		return nil, false
	}
	return text[at+len(mark):], true
}

func leadingNumber(text []byte) int {
	number := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			break
		}
		number = number*10 + int(c-'0')
	}
	return number
}

// wait waits until so many changes have been received, and closes the subscriptions.
func (a *audience) wait(changes int) error {
	for began := time.Now(); a.received.Load() < int64(changes); time.Sleep(time.Millisecond) {
		select {
		case err := <-a.failed:
			return err
		default:
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("%d of %d changes have been received", a.received.Load(), changes)
		}
	}
	return nil
}

func (a *audience) close() {
	_ = syscall.Close(a.epoll)
	a.stopped.Wait()
	for n := range a.sockets {
		_ = syscall.Close(a.sockets[n].fd)
	}
}
