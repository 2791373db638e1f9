package e2e_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shiftedClock is the clock of programs that buildShifted has built. It differs from the machine's by an offset in a file.
type shiftedClock struct {
	t    *testing.T
	path string
}

func newShiftedClock(t *testing.T) shiftedClock {
	t.Helper()
	c := shiftedClock{t, filepath.Join(t.TempDir(), "offset")}
	c.set(0)
	return c
}

// set makes the clock jump at once, to that far from the right time.
func (c shiftedClock) set(offset time.Duration) {
	c.t.Helper()
	file, err := os.OpenFile(c.path, os.O_CREATE|os.O_WRONLY, 0o600) // the program has mapped it, so it must stay the same file
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	seconds := binary.NativeEndian.AppendUint64(nil, uint64(offset/time.Second))
	if _, err := file.WriteAt(seconds, 0); err != nil {
		c.t.Fatal(err)
	}
}

// setting is the setting of a program with this clock.
func (c shiftedClock) setting() string { return "CLOCK_OFFSET_FILE=" + c.path }

// buildShifted builds the program with a shiftedClock: time.Now adds an offset to the time of day, and not to the monotonic clock,
// which is what a program sees when the machine's clock is set.
func buildShifted(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	const reading = "sec, nsec, mono := runtimeNow()\n"
	text := read(t, original)
	if strings.Count(text, reading) != 1 {
		t.Fatalf("%s doesn't read the clock as it used to", original)
	}
	shifted, added, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "offset.go"), filepath.Join(dir, "overlay.json")
	writeFile(t, shifted, strings.Replace(text, reading, reading+"sec += *clockOffset\n", 1))
	writeFile(t, added, readOffset)
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{
		original: shifted, filepath.Join(filepath.Dir(original), "offset.go"): added,
	}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, overlay, string(replaced))
	path := filepath.Join(dir, "crm")
	build := exec.Command("go", "build", "-overlay", overlay, "-o", path, "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the program: %v\n%s", err, out)
	}
	return path
}

// readOffset is the file that buildShifted adds to package time.
const readOffset = `package time

import (
	"syscall"
	"unsafe"
)

// clockOffset is the offset, in seconds.
var clockOffset = mapOffset()

func mapOffset() *int64 {
	path, found := syscall.Getenv("CLOCK_OFFSET_FILE")
	if !found {
		return new(int64)
	}
	file, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		panic(err)
	}
	mapped, err := syscall.Mmap(file, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	return (*int64)(unsafe.Pointer(&mapped[0]))
}
`
