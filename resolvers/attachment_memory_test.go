package resolvers_test

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"testing"

	"crm/db"
	"crm/db/mongo/mongotest"
)

// zeros is a content that takes no memory. It calls each after every megabyte.
type zeros struct {
	left int
	each func()
}

func (z *zeros) Read(into []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(into), z.left)
	clear(into[:n])
	if (z.left-n)>>20 < z.left>>20 {
		z.each()
	}
	z.left -= n
	return n, nil
}

// TestLargeUploadTakesNoMemory sends and fetches a file of 25 MB, the largest by default, and counts what is allocated meanwhile, by the
// client, too. With MongoDB, whose driver allocates what it sends, only what is in use counts. It isn't parallel, since others allocate, too.
func TestLargeUploadTakesNoMemory(t *testing.T) { //nolint:paralleltest,tparallel // see above
	const limit = 2 << 20
	test := func(t *testing.T, s *server, size int, inUse bool) {
		t.Helper()
		cleo := s.signUpCustomer("Cleo").token
		a := s.must(cleo, createUpload, variables{"in": variables{"fileName": "large", "size": size}})
		s.upload(cleo, "a small one before", []byte("x"))
		measured := func(what string, transfer func(each func())) {
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			most := uint64(0)
			transfer(func() {
				if inUse {
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
				}
			})
			runtime.ReadMemStats(&now)
			if !inUse {
				most = now.TotalAlloc - before.TotalAlloc
			}
			if t.Logf("%s takes %d KB", what, most>>10); most > limit {
				t.Errorf("%s takes %d bytes", what, most)
			}
		}
		measured("sending", func(each func()) {
			answered := s.fetch(http.MethodPut, a.text("createUpload.url"), "", &zeros{size, each})
			if answered.StatusCode != http.StatusNoContent {
				t.Fatalf("got %d %s", answered.StatusCode, answered.body)
			}
		})
		created := s.must(cleo, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { attachments { nodes { url } } } } }`,
			variables{"in": variables{"description": "x", "attachments": []string{a.text("createUpload.uploadId")}}})
		measured("fetching", func(each func()) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+created.text("createTicket.ticket.attachments.nodes.0.url"), nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			buffer, total, read := make([]byte, 32<<10), 0, error(nil)
			for read == nil {
				var n int
				n, read = response.Body.Read(buffer)
				if (total+n)>>20 > total>>20 {
					each()
				}
				total += n
			}
			if total != size || !errors.Is(read, io.EOF) {
				t.Errorf("%d bytes are fetched, %v", total, read)
			}
		})
	}
	t.Run("sqlite", func(t *testing.T) { test(t, serve(t, openSQLite(t), db.Options{}), db.DefaultFileBytes, false) })
	t.Run("mongo", func(t *testing.T) {
		s, size := serve(t, openMongo(t), db.Options{}), db.DefaultFileBytes
		if mongotest.IsStandIn() {
			size /= 4 // FerretDB takes a second for a megabyte
		}
		test(t, s, size, true)
	})
}
