package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// process is what /proc tells of a process. Everything is zero where there is no /proc.
type process struct{ id int }

// tick is the unit of processor time in /proc: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpu returns the processor time that the process has used, its own and the system's for it.
func (p *process) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.id))
	if err != nil {
		return 0
	}
	// The second field, the program's name, is in parentheses and may hold anything; the times are the 14th and 15th.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0
	}
	return time.Duration(number(fields[user])+number(fields[system])) * tick
}

// resident returns how much memory the process has now, peak how much it had at most, in MB of 2^20 bytes.
func (p *process) resident() float64 { return p.megabytes("VmRSS:") }
func (p *process) peak() float64     { return p.megabytes("VmHWM:") }

func (p *process) megabytes(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.id))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == name {
			return float64(number(fields[1])) / 1024 // it is in kB
		}
	}
	return 0
}

func number(text []byte) int {
	n, _ := strconv.Atoi(string(text)) // the system writes numbers
	return n
}

// How long a process has to use no processor time to be at rest, and how long that is waited for.
const (
	restTime   = 300 * time.Millisecond
	restBound  = 2 * time.Minute
	restPeriod = 50 * time.Millisecond
)

// rest waits until the process does nothing any more, so that what follows from one turn isn't in the way of the next.
// It reports whether the process came to rest.
func (p *process) rest(ctx context.Context) bool {
	began := time.Now()
	quiet, last := began, p.cpu()
	for time.Since(began) < restBound && ctx.Err() == nil {
		time.Sleep(restPeriod)
		if now := p.cpu(); now != last {
			quiet, last = time.Now(), now
		}
		if time.Since(quiet) >= restTime {
			return true
		}
	}
	return false
}
