package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"crm/db"
	"crm/db/store"
)

// planCase is a query of the server and the index that must serve it, without sorting.
type planCase struct {
	name       string
	collection *store.Collection
	parent     string
	query      store.Query
	index      string
}

func byField(field string, desc bool) []store.Sort {
	return []store.Sort{{Field: field, Desc: desc}, {Field: "_id", Desc: desc}}
}

func planCases() []planCase {
	newest, id, at := byField("created_at", true), store.ID{}, time.Time{}
	due := store.And(store.Eq("status", "pending"), store.Compare(store.OpLte, "next_attempt_at", at))
	active := store.In("status", []string{"done", "planned"})
	ten := make([]store.ID, 10)
	return []planCase{
		{"document by id", db.Tickets.Collection, "", store.Query{Where: store.Eq("_id", id)}, "sqlite_autoindex_tickets_1"},
		{"documents by ids", db.Tickets.Collection, "", store.Query{Where: store.In("_id", ten)}, "sqlite_autoindex_tickets_1"},
		{"account by address", db.Users.Collection, "", store.Query{Where: store.Eq("email_key", "a")}, "users_email"},
		{"names that begin", db.Customers.Collection, "",
			store.Query{Where: store.Compare(store.OpStartsWith, "name_key", "a"), Sort: byField("name_key", false)}, "customers_name"},
		{"delivery that is due", db.Deliveries.Collection, "",
			store.Query{Where: due, Sort: byField("next_attempt_at", false), Limit: 1}, "deliveries_due"},
		{"events not planned", store.Events, "",
			store.Query{
				Where: store.And(store.Eq("planned", false), store.Compare(store.OpGt, "seq", 0)), Sort: byField("seq", false), Limit: 9,
			}, "events_planned"},
		{"events after a seq", store.Events, "",
			store.Query{Where: store.Compare(store.OpGt, "seq", 1), Sort: byField("seq", false), Limit: 9}, "events_seq"},
		{"deletions after a seq", store.Events, "",
			store.Query{
				Where: store.And(store.In("type", []string{db.EventTicketDeleted, db.EventUserDeleted}), store.Compare(store.OpGt, "seq", 1)),
				Sort:  byField("seq", false), Limit: 9,
			}, "events_seq"},
		{"login attempts", db.LoginAttempts.Collection, "",
			store.Query{Where: store.And(store.Eq("key", "a"), store.Compare(store.OpGt, "at", at))}, "login_attempts_key_at"},
		{"customers' interactions", db.Interactions.Collection, "customer_id",
			store.Query{Sort: newest, Limit: 5}, "interactions_customer_created"},
		{"the next of them", db.Interactions.Collection, "customer_id",
			store.Query{Sort: newest, After: []any{at, id}, Limit: 5}, "interactions_customer_created"},
		{"some of them", db.Interactions.Collection, "customer_id",
			store.Query{Where: active, Sort: newest, Limit: 5}, "interactions_customer_created"},
		{"all of a user's", db.Interactions.Collection, "user_id",
			store.Query{Sort: byField("start_time", false)}, "interactions_user_start"},
		{"interactions' tickets", db.Tickets.Collection, "interaction_id",
			store.Query{Sort: newest, Limit: 5}, "tickets_interaction_created"},
		{"own tickets", db.Tickets.Collection, "",
			store.Query{Where: store.Eq("customer_id", id), Sort: newest, Limit: 9}, "tickets_customer_created"},
		{"open tickets", db.Tickets.Collection, "",
			store.Query{Where: store.Eq("status", "open"), Sort: newest, Limit: 9}, "tickets_status_created"},
		{"newest", db.Tickets.Collection, "", store.Query{Sort: newest, Limit: 9}, "tickets_created"},
		{"the next newest", db.Tickets.Collection, "", store.Query{Sort: newest, After: []any{at, id}, Limit: 9}, "tickets_created"},
		{"by name", db.Customers.Collection, "", store.Query{Sort: byField("name_key", false), Limit: 9}, "customers_name"},
	}
}

func TestIndexesServeTheServersQueries(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), db.Collections()...)
	for _, c := range planCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			plan := explain(t, s, func(b *builder) { b.find(s.table(c.collection), c.parent, c.query) })
			if !strings.Contains(plan, "INDEX "+c.index+" ") && !strings.HasSuffix(plan, "INDEX "+c.index+"\n") {
				t.Errorf("the plan does not use %s:\n%s", c.index, plan)
			}
			if strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("the plan sorts:\n%s", plan)
			}
		})
	}
}

// TestFollowedReferences checks when a reference is followed: only if an index leads straight to what the subquery's condition names.
func TestFollowedReferences(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), db.Collections()...)
	named := store.InQuery("tag_id", db.Tags.Collection, "_id", store.Eq("name_key", "a"))
	for _, test := range []struct {
		of     *store.Collection
		by     string
		where  store.Filter
		follow bool
	}{
		{db.Taggings.Collection, "ticket_id", store.Eq("tag_id", store.ID{}), true},
		{db.Taggings.Collection, "ticket_id", named, true},
		{db.Interactions.Collection, "customer_id", store.Eq("created_at", time.Time{}), true},
		{db.Interactions.Collection, "customer_id", store.Compare(store.OpGt, "created_at", time.Time{}), false},
		{db.Interactions.Collection, "customer_id", store.Compare(store.OpLte, "start_time", time.Time{}), false},
		{db.Interactions.Collection, "customer_id", store.Eq("status", "done"), true}, // many have it
	} {
		if got := s.follows(s.table(test.of), &store.Subquery{Collection: test.of, Select: test.by, Where: test.where}); got != test.follow {
			t.Errorf("%s by %s with %+v is followed: %t", test.of.Name, test.by, test.where, got)
		}
	}
}

// explain returns the plan of a statement, one line per step.
func explain(t *testing.T, s *Store, compose func(*builder)) string {
	t.Helper()
	var plan strings.Builder
	err := s.read(t.Context(), store.Events, func(r *conn) error {
		r.builder.reset(s)
		r.builder.write("EXPLAIN QUERY PLAN ")
		compose(&r.builder)
		return r.run(func(stmt *sqlite.Stmt) error {
			plan.WriteString(stmt.ColumnText(3) + "\n")
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
