package sqlite

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"

	"crm/db/store"
)

// TestAcknowledgedWritesAreInFiles opens a copy of the files as they are right after each write, as a crash would leave them, and
// reads through another connection than the writer's. Some transactions are longer than the buffer, and than the writer's cache, whose
// pages SQLite then writes before the commit.
func TestAcknowledgedWritesAreInFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	s := open(t, path, notes)
	written := 0
	for _, size := range []struct{ notes, text int }{
		{1, 10}, {3, 1000}, {1, walBufferSize}, {1, 300_000}, {40, 4000}, {60, 100_000}, {1, 10}, {2000, 300}, {1, 10},
	} {
		err := s.Batch(t.Context(), func(w store.Writer) error {
			for range size.notes {
				written++
				n := &note{ID: store.NewID(), Title: strings.Repeat("x", size.text), Score: written}
				if err := w.Insert(t.Context(), notes, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		crashed := filepath.Join(t.TempDir(), "crm.db")
		for _, suffix := range []string{"", "-wal"} {
			content, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(crashed+suffix, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for name, reader := range map[string]*Store{"the files": openOther(t, crashed, notes), "another connection": s} {
			if found := findNotes(t, reader, store.Filter{}); len(found) != written {
				t.Errorf("%s: %d notes after %d of %d bytes, want %d", name, len(found), size.notes, size.text, written)
			}
		}
	}
}

// memoryFile is a file for walFiles. A write that would exceed full bytes fails.
type memoryFile struct {
	content []byte
	full    int
	synced  []byte
	writes  int
}

const fileAddress = 1 // walFiles only compares it

// wal returns walFiles for the file.
func (m *memoryFile) wal() *walFiles {
	return &walFiles{
		buffers: map[uintptr]*walBuffer{fileAddress: new(walBuffer)},
		write: func(tls *libc.TLS, _, data uintptr, size int32, offset int64) int32 {
			m.writes++
			end := int(offset) + int(size)
			if end > m.full {
				return lib.SQLITE_FULL
			}
			m.content = append(m.content, make([]byte, max(0, end-len(m.content)))...)
			copy(m.content[offset:], libc.GoBytes(data, int(size)))
			return lib.SQLITE_OK
		},
		close: func(*libc.TLS, uintptr) int32 { return lib.SQLITE_OK },
	}
}

// sync is what SQLite's sync becomes.
func (m *memoryFile) sync(tls *libc.TLS, f *walFiles) int32 {
	return f.flushed(tls, fileAddress, func() int32 {
		m.synced = bytes.Clone(m.content)
		return lib.SQLITE_OK
	})
}

// TestBufferedWrites writes pieces of any size, mostly in a row, and compares what is synced with what was written.
func TestBufferedWrites(t *testing.T) {
	t.Parallel()
	tls := libc.NewTLS()
	defer tls.Close()
	const longest = walBufferSize + 5000
	data := libc.Xmalloc(tls, types.Size_t(longest))
	defer libc.Xfree(tls, data)
	random := rand.New(rand.NewPCG(1, 2))
	file := &memoryFile{full: 1 << 30}
	f := file.wal()
	var want []byte
	offset := 0
	for i := range 2000 {
		size := []int{24, 24, 4096, 4096, 1 + random.IntN(5000), 1 + random.IntN(longest)}[random.IntN(6)]
		if random.IntN(20) == 0 {
			offset = random.IntN(len(want) + 1)
		}
		libc.Xmemset(tls, data, int32(i%251+1), types.Size_t(size))
		want = append(want, make([]byte, max(0, offset+size-len(want)))...)
		copy(want[offset:], bytes.Repeat([]byte{byte(i%251 + 1)}, size))
		if result := f.writeWAL(tls, fileAddress, data, int32(size), int64(offset)); result != lib.SQLITE_OK {
			t.Fatalf("a write fails: %d", result)
		}
		if offset += size; random.IntN(30) != 0 {
			continue
		}
		if result := file.sync(tls, f); result != lib.SQLITE_OK || !bytes.Equal(file.synced, want) {
			t.Fatalf("after %d writes, the sync returns %d and %d bytes are synced that may differ, want %d", i+1, result, len(file.synced), len(want))
		}
	}
	f.closeWAL(tls, fileAddress)
	if file.writes > 1900 {
		t.Errorf("2000 writes become %d", file.writes)
	}
}

// TestFullDiskFailsTheSync lets the disk be full when a buffer is written: everything reports that until there is room again, and what is
// written then replaces it.
func TestFullDiskFailsTheSync(t *testing.T) {
	t.Parallel()
	tls := libc.NewTLS()
	defer tls.Close()
	file := new(memoryFile)
	f := file.wal()
	data := libc.Xmalloc(tls, 4096)
	defer libc.Xfree(tls, data)
	libc.Xmemset(tls, data, 1, 4096)
	if result := f.writeWAL(tls, fileAddress, data, 4096, 0); result != lib.SQLITE_OK {
		t.Errorf("a write into the buffer returns %d", result)
	}
	for range 2 {
		if result := file.sync(tls, f); result != lib.SQLITE_FULL || file.synced != nil {
			t.Errorf("on a full disk, the sync returns %d, and %d bytes are synced", result, len(file.synced))
		}
	}
	libc.Xmemset(tls, data, 2, 4096)
	if result := f.writeWAL(tls, fileAddress, data, 4096, 0); result != lib.SQLITE_FULL {
		t.Errorf("on a full disk, the first write of the next transaction returns %d", result)
	}
	file.full = 4096
	result := f.writeWAL(tls, fileAddress, data, 4096, 0)
	if result |= file.sync(tls, f); result != lib.SQLITE_OK || !bytes.Equal(file.synced, bytes.Repeat([]byte{2}, 4096)) {
		t.Errorf("the next transaction returns %d, and isn't synced as it was written", result)
	}
	f.closeWAL(tls, fileAddress)
}
