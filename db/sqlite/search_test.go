package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// withoutIndexes declares a collection as an older version of the program did, without indexes and search.
func withoutIndexes(c *store.Collection) *store.Collection {
	return &store.Collection{Name: c.Name, Fields: c.Fields}
}

// insertCustomers inserts the customers from one number to another, in one transaction.
func insertCustomers(t *testing.T, s *Store, c *store.Collection, from, to int) {
	t.Helper()
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	err := s.transact(t.Context(), s.writer, func() error {
		for i := from; i < to; i++ {
			if err := s.insert(s.writer, c, customerOf(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// customerOf returns customer number i, with a company of their own and the keys.
func customerOf(i int) store.Document {
	name, company, at := fmt.Sprintf("name %d", i), fmt.Sprintf("company %06d ltd", i), time.UnixMilli(int64(i))
	customer := &db.Customer{
		ID: store.NewID(), Name: name, Email: name, Company: &company, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	customer.SetKeys(textkey.Default())
	return customer
}

// companies returns the companies whose names contain a text.
func companies(t *testing.T, s *Store, text string) []string {
	t.Helper()
	found := []string{}
	var docs []*db.Customer
	q := store.Query{Where: store.Compare(store.OpContains, "company_key", text), Sort: byField("created_at", false), Limit: 9}
	err := s.Find(t.Context(), db.Customers.Collection, q, func() store.Document {
		docs = append(docs, new(db.Customer))
		return docs[len(docs)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		found = append(found, *doc.Company)
	}
	return found
}

// TestIndexesOfALargeDatabase opens a database of an older version of the program. Indexes that take long aren't built
// at once, but the database can be used; and existing indexes stay.
func TestIndexesOfALargeDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	older := withoutIndexes(db.Customers.Collection)
	s := open(t, path, older)
	insertCustomers(t, s, older, 0, smallTable+10)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, path, db.Customers.Collection)
	missing, err := s.MissingIndexes(t.Context())
	if err != nil || slices.Contains(missing, "customers_email") || !slices.Contains(missing, "customers_name") || !slices.Contains(missing, "customers_search") {
		t.Fatalf("missing are %q, %v: want all but the unique one", missing, err)
	}
	want := []string{"company 001234 ltd"}
	if got := companies(t, s, "01234 l"); !slices.Equal(got, want) {
		t.Errorf("without the index: got %q, want %q", got, want)
	}
	for range 2 {
		ensureIndexes(t, s)
	}
	if missing, err := s.MissingIndexes(t.Context()); err != nil || len(missing) > 0 {
		t.Errorf("still missing are %q, %v", missing, err)
	}
	if got := companies(t, s, "01234 l"); !slices.Equal(got, want) {
		t.Errorf("with the index: got %q, want %q", got, want)
	}
	plan := explain(t, s, func(b *builder) {
		b.find(s.table(db.Customers.Collection), "", store.Query{Where: store.Compare(store.OpContains, "company_key", "234")})
	})
	if !strings.HasPrefix(plan, "SEARCH customers USING INTEGER PRIMARY KEY") {
		t.Errorf("the index isn't used:\n%s", plan)
	}

	execAll(t, s, earlierSearch...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, db.Customers.Collection)
	if missing, err := s.MissingIndexes(t.Context()); err != nil || len(missing) > 0 {
		t.Errorf("after an upgrade of the triggers, missing are %q, %v", missing, err)
	}
	wantIndexed(t, s)
}

// TestSearchFollowsTheTable changes documents in every possible way, when the full-text index has all, some or none of them.
func TestSearchFollowsTheTable(t *testing.T) {
	t.Parallel()
	for _, indexed := range []int{0, 3, 7} {
		t.Run(fmt.Sprint(indexed, " indexed"), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "crm.db")
			s := open(t, path, db.Customers.Collection)
			insertCustomers(t, s, db.Customers.Collection, 0, indexed)
			ensureIndexes(t, s)
			insertCustomers(t, s, db.Customers.Collection, indexed, 7)
			changeCustomers(t, s)
			wantChanged(t, s)
			crashed := openCopy(t, path)
			wantChanged(t, crashed)
			execAll(t, s, "VACUUM") // which keeps the rowids
			for _, s := range []*Store{s, crashed} {
				wantChanged(t, s)
				ensureIndexes(t, s)
				wantChanged(t, s)
				wantIndexed(t, s)
			}
		})
	}
}

// changeCustomers updates and deletes some of seven customers, and inserts two, who take the rowids of the last two.
func changeCustomers(t *testing.T, s *Store) {
	t.Helper()
	var found []*db.Customer
	err := s.Find(t.Context(), db.Customers.Collection, store.Query{Sort: byField("created_at", false)}, func() store.Document {
		found = append(found, new(db.Customer))
		return found[len(found)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	set := func(i int, set ...store.Assignment) error {
		return s.Update(t.Context(), db.Customers.Collection, found[i].ID, store.Filter{}, set)
	}
	company, key := store.Assignment{Field: "company", Value: "Lotus"}, store.Assignment{Field: "company_key", Value: "lotus"}
	same := store.Assignment{Field: "company_key", Value: "company 000000 ltd"}
	if err := errors.Join(set(1, company, key), set(0, same)); err != nil {
		t.Fatal(err)
	}
	if err := set(3, company, key, store.Assignment{Field: "email_key", Value: "name 0"}); store.CodeOf(err) != store.Conflict {
		t.Fatalf("got %v, want a conflict", err)
	}
	if err := s.Delete(t.Context(), db.Customers.Collection, found[2].ID, store.Filter{}); err != nil {
		t.Fatal(err)
	}
	last := store.In("_id", []store.ID{found[5].ID, found[6].ID})
	if n, err := s.Purge(t.Context(), db.Customers.Collection, last, 9); n != 2 || err != nil {
		t.Fatalf("purged %d, %v", n, err)
	}
	for _, i := range []int{7, 8} {
		if err := s.Insert(t.Context(), db.Customers.Collection, customerOf(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// wantChanged checks what searches find after changeCustomers.
func wantChanged(t *testing.T, s *Store) {
	t.Helper()
	for text, want := range map[string][]string{
		"company": {
			"company 000000 ltd", "company 000003 ltd", "company 000004 ltd", "company 000007 ltd", "company 000008 ltd",
		},
		"lotus":      {"Lotus"},
		"000001":     {},
		"000002":     {},
		"000006":     {},
		"ltd comp":   {},
		"00003 ltd":  {"company 000003 ltd"},
		"00008 ltd":  {"company 000008 ltd"},
		`000" OR "0`: {},
	} {
		if got := companies(t, s, text); !slices.Equal(got, want) {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
}

func ensureIndexes(t *testing.T, s *Store) {
	t.Helper()
	if err := s.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantIndexed checks that the full-text index of customers has all of them, as they are.
func wantIndexed(t *testing.T, s *Store) {
	t.Helper()
	execAll(t, s, `INSERT INTO "customers_search"("customers_search", rank) VALUES ('integrity-check', 1)`)
}

// openCopy opens a copy of a file as a crash would leave it.
func openCopy(t *testing.T, path string) *Store {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, filepath.Join(dir, filepath.Base(path)), db.Customers.Collection)
}
