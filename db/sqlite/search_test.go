package sqlite

import (
	"fmt"
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

// insertCustomers inserts n customers, each with a different company.
func insertCustomers(t *testing.T, s *Store, c *store.Collection, n int) {
	t.Helper()
	err := s.transact(t.Context(), s.writer, func() error {
		for i := range n {
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

// customerOf returns customer number i, with its keys.
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
	insertCustomers(t, s, older, smallTable+10)
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
		if err := s.EnsureIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
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
}

// TestSearchFollowsTheTable changes documents in every possible way and checks what a search finds afterwards.
func TestSearchFollowsTheTable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), db.Customers.Collection)
	insertCustomers(t, s, db.Customers.Collection, 5)
	var found []*db.Customer
	err := s.Find(t.Context(), db.Customers.Collection, store.Query{Sort: byField("created_at", false)}, func() store.Document {
		found = append(found, new(db.Customer))
		return found[len(found)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	set := []store.Assignment{{Field: "company", Value: "Lotus"}, {Field: "company_key", Value: "lotus"}}
	if err := s.Update(t.Context(), db.Customers.Collection, found[1].ID, store.Filter{}, set); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), db.Customers.Collection, found[2].ID, store.Filter{}); err != nil {
		t.Fatal(err)
	}
	// A refused update leaves nothing in the index, and VACUUM keeps the rowids.
	if err := s.Update(t.Context(), db.Customers.Collection, found[3].ID, store.Filter{}, append(set, store.Assignment{Field: "email_key", Value: "name 0"})); store.CodeOf(err) != store.Conflict {
		t.Fatalf("got %v, want a conflict", err)
	}
	if err := s.writer.exec("VACUUM"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"company":    {"company 000000 ltd", "company 000003 ltd", "company 000004 ltd"},
		"lotus":      {"Lotus"},
		"000001":     {},
		"000002":     {},
		"ltd comp":   {},
		"00003 ltd":  {"company 000003 ltd"},
		`000" OR "0`: {},
	} {
		if got := companies(t, s, text); !slices.Equal(got, want) {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
	if err := s.writer.exec(`INSERT INTO "customers_search"("customers_search", rank) VALUES ('integrity-check', 1)`); err != nil {
		t.Errorf("the full-text index differs from the table: %v", err)
	}
}
