package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// marked returns the highest rowid in the full-text index of customers.
func marked(t *testing.T, s *Store) int {
	t.Helper()
	highest := 0
	err := s.read(t.Context(), store.Events, func(r *conn) error {
		r.builder.reset(s)
		r.builder.write("SELECT highest FROM customers_search_mark")
		return r.run(func(stmt *sqlite.Stmt) error {
			highest = stmt.ColumnInt(0)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return highest
}

// TestNewDocumentsAreFoundAtOnce inserts documents from many goroutines. Each finds its own as soon as it is acknowledged,
// although the index gets them in batches.
func TestNewDocumentsAreFoundAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), db.Customers.Collection)
	const writers, each = 8, 30
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := w * each; i < (w+1)*each; i++ {
				if err := s.Insert(t.Context(), db.Customers.Collection, customerOf(i)); err != nil {
					t.Error(err)
				}
				own := store.Compare(store.OpContains, "company_key", fmt.Sprintf("%06d", i))
				if n, err := s.Count(t.Context(), db.Customers.Collection, own); err != nil || n != 1 {
					t.Errorf("found %d of customer %d, %v", n, i, err)
				}
			}
		})
	}
	writing.Wait()
	s.background.Wait()
	if n := marked(t, s); n <= writers*each-maxUnindexed || n > writers*each {
		t.Errorf("the index has %d of %d documents", n, writers*each)
	}
	ensureIndexes(t, s)
	wantIndexed(t, s)
}

// TestBatches checks when new documents are indexed, and that a batch that fails does no harm.
func TestBatches(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), db.Customers.Collection)
	written := 0
	insert := func(n, least, most int) {
		t.Helper()
		for range n {
			if err := s.Insert(t.Context(), db.Customers.Collection, customerOf(written)); err != nil {
				t.Fatal(err)
			}
			written++
		}
		s.background.Wait()
		if got := marked(t, s); got < least || got > most {
			t.Errorf("of %d documents the index has %d, want %d to %d", written, got, least, most)
		}
		last := fmt.Sprintf("company %06d ltd", written-1)
		if got := companies(t, s, last); !slices.Equal(got, []string{last}) {
			t.Errorf("found %q, want %q", got, last)
		}
	}
	insert(maxUnindexed-1, 0, 0)
	insert(1, maxUnindexed, maxUnindexed)
	for _, sabotage := range []func(*testing.T, *Store) (undo func()){failBatches, panicInBatches} {
		undo, before := sabotage(t, s), marked(t, s)
		insert(2*maxUnindexed, before, before)
		undo()
		insert(maxUnindexed, written+1, written+maxUnindexed) // the next batch is due during these or with the last one
	}
	ensureIndexes(t, s) // the check takes documents that aren't indexed yet for a fault
	wantIndexed(t, s)

	long := &db.Customer{ID: store.NewID(), Name: "long", Email: "long", Company: new(strings.Repeat("x", maxUnindexed*textWeight))}
	long.SetKeys(textkey.Default())
	if err := s.Insert(t.Context(), db.Customers.Collection, long); err != nil {
		t.Fatal(err)
	}
	s.background.Wait()
	if got := marked(t, s); got != written+1 {
		t.Errorf("the index has %d documents, want also the long one, which is number %d", got, written+1)
	}
}

// TestNewestAreDeleted deletes the newest documents, both indexed and new ones. The next documents get their rowids, and have
// to be found before and after they are indexed.
func TestNewestAreDeleted(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), db.Customers.Collection)
	insertCustomers(t, s, db.Customers.Collection, 0, 5)
	ensureIndexes(t, s)
	insertCustomers(t, s, db.Customers.Collection, 5, 7)
	for _, i := range []int{4, 6, 5} {
		one := store.Compare(store.OpContains, "company_key", fmt.Sprintf("%06d", i))
		if n, err := s.Purge(t.Context(), db.Customers.Collection, one, 1); err != nil || n != 1 {
			t.Fatalf("removed %d of customer %d, %v", n, i, err)
		}
	}
	if got := marked(t, s); got != 4 {
		t.Errorf("the index goes up to %d, want 4", got)
	}
	insertCustomers(t, s, db.Customers.Collection, 7, 10)
	for range 2 {
		for _, i := range []int{3, 7, 8, 9} {
			company := fmt.Sprintf("company %06d ltd", i)
			if got := companies(t, s, company); !slices.Equal(got, []string{company}) {
				t.Errorf("found %q, want %q", got, company)
			}
		}
		ensureIndexes(t, s)
	}
	wantIndexed(t, s)
}

// failBatches makes batches fail.
func failBatches(t *testing.T, s *Store) (undo func()) {
	t.Helper()
	execAll(t, s, "CREATE TRIGGER sabotage BEFORE UPDATE ON customers_search_mark BEGIN SELECT RAISE(FAIL, 'no luck'); END")
	return func() { execAll(t, s, "DROP TRIGGER sabotage") }
}

// panicInBatches makes batches panic when they have indexed the documents.
func panicInBatches(t *testing.T, s *Store) (undo func()) {
	t.Helper()
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	for text, p := range s.writer.prepared {
		if strings.HasPrefix(text, `UPDATE "customers_search_mark"`) {
			stmt := p.stmt
			p.stmt = nil
			return func() {
				s.writing <- struct{}{}
				defer func() { <-s.writing }()
				p.stmt = stmt
			}
		}
	}
	t.Fatal("no batch has been indexed yet")
	return nil
}

// execAll runs statements on the writer.
func execAll(t *testing.T, s *Store, texts ...string) {
	t.Helper()
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	for _, text := range texts {
		if err := s.writer.exec(text); err != nil {
			t.Fatal(err)
		}
	}
}

// earlierSearch makes the full-text index of customers what it was in earlier versions.
var earlierSearch = []string{
	"DROP TABLE customers_search_mark", "DROP TRIGGER customers_search_update", "DROP TRIGGER customers_search_delete",
	`CREATE TRIGGER customers_search_insert AFTER INSERT ON customers BEGIN INSERT INTO
		customers_search(rowid, name_key, email_key, company_key, phone_key)
		VALUES (new.rowid, new.name_key, new.email_key, new.company_key, new.phone_key); END`,
}

// TestFilesOfEarlierVersions opens files whose full-text index was kept in sync otherwise, or had other fields.
func TestFilesOfEarlierVersions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]string{
		"indexed at once": earlierSearch,
		"another field": append(slices.Clip(earlierSearch), "DROP TABLE customers_search", "DROP TRIGGER customers_search_insert",
			"CREATE VIRTUAL TABLE customers_search USING fts5(company, content=customers, tokenize='trigram')"),
		"without triggers": {"DROP TRIGGER customers_search_update", "DROP TRIGGER customers_search_delete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "crm.db")
			s := open(t, path, db.Customers.Collection)
			insertCustomers(t, s, db.Customers.Collection, 0, 3)
			ensureIndexes(t, s)
			execAll(t, s, change...)
			insertCustomers(t, s, db.Customers.Collection, 3, 7)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, path, db.Customers.Collection)
			if missing, err := s.MissingIndexes(t.Context()); err != nil || len(missing) > 0 {
				t.Errorf("missing are %q, %v", missing, err)
			}
			wantIndexed(t, s)
			changeCustomers(t, s)
			wantChanged(t, s)
			ensureIndexes(t, s)
			wantIndexed(t, s)
		})
	}
}
