package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"crm/db"
)

// planCase is a query of the server and the index that has to serve it, without sorting.
type planCase struct {
	name       string
	collection *db.Collection
	parent     string
	query      db.Query
	index      string
}

func byField(field string, desc bool) []db.Sort {
	return []db.Sort{{Field: field, Desc: desc}, {Field: "_id", Desc: desc}}
}

func planCases() []planCase {
	newest, id, at := byField("created_at", true), db.ID{}, time.Time{}
	due := db.And(db.Eq("status", "pending"), db.Compare(db.OpLte, "next_attempt_at", at))
	active := db.In("status", []string{"done", "planned"})
	ten := make([]db.ID, 10)
	return []planCase{
		{"document by id", db.Tickets, "", db.Query{Where: db.Eq("_id", id)}, "sqlite_autoindex_tickets_1"},
		{"documents by ids", db.Tickets, "", db.Query{Where: db.In("_id", ten)}, "sqlite_autoindex_tickets_1"},
		{"account by address", db.Users, "", db.Query{Where: db.Eq("email_key", "a")}, "users_email"},
		{"names that begin", db.Customers, "",
			db.Query{Where: db.Compare(db.OpStartsWith, "name_key", "a"), Sort: byField("name_key", false)}, "customers_name"},
		{"delivery that is due", db.Deliveries, "",
			db.Query{Where: due, Sort: byField("next_attempt_at", false), Limit: 1}, "deliveries_due"},
		{"events not planned", db.Events, "",
			db.Query{Where: db.Eq("planned", false), Sort: []db.Sort{{Field: "seq"}}, Limit: 9}, "events_planned_seq"},
		{"events behind", db.Events, "",
			db.Query{Where: db.Compare(db.OpGt, "seq", 1), Sort: byField("seq", false), Limit: 9}, "events_seq"},
		{"login attempts", db.LoginAttempts, "",
			db.Query{Where: db.And(db.Eq("key", "a"), db.Compare(db.OpGt, "at", at))}, "login_attempts_key_at"},
		{"customers' interactions", db.Interactions, "customer_id",
			db.Query{Sort: newest, Limit: 5}, "interactions_customer_created"},
		{"the next of them", db.Interactions, "customer_id",
			db.Query{Sort: newest, After: []any{at, id}, Limit: 5}, "interactions_customer_created"},
		{"some of them", db.Interactions, "customer_id",
			db.Query{Where: active, Sort: newest, Limit: 5}, "interactions_customer_created"},
		{"all of a user's", db.Interactions, "user_id",
			db.Query{Sort: byField("start_time", false)}, "interactions_user_start"},
		{"interactions' tickets", db.Tickets, "interaction_id",
			db.Query{Sort: newest, Limit: 5}, "tickets_interaction_created"},
		{"own tickets", db.Tickets, "",
			db.Query{Where: db.Eq("customer_id", id), Sort: newest, Limit: 9}, "tickets_customer_created"},
		{"open tickets", db.Tickets, "",
			db.Query{Where: db.Eq("status", "open"), Sort: newest, Limit: 9}, "tickets_status_created"},
		{"newest", db.Tickets, "", db.Query{Sort: newest, Limit: 9}, "tickets_created"},
		{"the next newest", db.Tickets, "", db.Query{Sort: newest, After: []any{at, id}, Limit: 9}, "tickets_created"},
		{"by name", db.Customers, "", db.Query{Sort: byField("name_key", false), Limit: 9}, "customers_name"},
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

// explain returns the plan of a statement, a line for each of its steps.
func explain(t *testing.T, s *Store, compose func(*builder)) string {
	t.Helper()
	var plan strings.Builder
	err := s.read(t.Context(), db.Events, func(r *conn) error {
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
