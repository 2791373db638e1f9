package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// process reads figures of a process from /proc. They are all zero without /proc.
type process struct{ id int }

// tick is the unit of processor time in /proc: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpu returns the user and system processor time of the process in milliseconds.
func (p *process) cpu() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.id))
	if err != nil {
		return 0
	}
	// The second field, the program's name, is in parentheses and may contain any character; the times are the 14th and 15th.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0
	}
	return milliseconds(time.Duration(number(fields[user])+number(fields[system])) * tick)
}

// resident returns the current memory of the process, and peak its maximum, in MB of 2^20 bytes.
func (p *process) resident() float64 { return p.megabytes("VmRSS:") }
func (p *process) peak() float64     { return p.megabytes("VmHWM:") }

func (p *process) megabytes(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.id))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == name {
			return float64(number(fields[1])) / 1024 // the value is in kB
		}
	}
	return 0
}

func number(text []byte) int {
	n, _ := strconv.Atoi(string(text)) // the kernel writes valid numbers
	return n
}
