package mongo_test

import (
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"crm/db"
	"crm/db/entity"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// oddUser is a user of the old application with one field that it or somebody else stored badly, and what becomes of it.
type oddUser struct {
	field string
	value any
	// problem is why it is left out; empty if it is found.
	problem string
	check   func(*db.User) bool
	// reported says that the value is reported, although the document is found.
	reported bool
}

var (
	oddNoon  = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	isAtNoon = func(u *db.User) bool { return u.CreatedAt.Equal(oddNoon) }
)

// notStored removes a field.
type notStored struct{}

var oddUsers = map[string]oddUser{
	"null name":         {"name", nil, "", func(u *db.User) bool { return u.Name == "" }, false},
	"number as name":    {"name", int32(7), "", func(u *db.User) bool { return u.Name == "7" }, false},
	"list as name":      {"name", bson.A{"x"}, "field name: it has BSON type array, not string", nil, false},
	"RFC 3339 date":     {"created_at", "2024-02-29T13:00:00+01:00", "", isAtNoon, false},
	"date of SQL":       {"created_at", "2024-02-29 12:00:00", "", isAtNoon, false},
	"date of Go":        {"created_at", "2024-02-29 12:00:00 +0000 UTC m=+0.1", "", isAtNoon, false},
	"date of JS":        {"created_at", "Thu Feb 29 2024 13:00:00 GMT+0100 (CET)", "", isAtNoon, false},
	"seconds":           {"created_at", int32(1709208000), "", isAtNoon, false},
	"milliseconds":      {"created_at", 1709208000000.0, "", isAtNoon, false},
	"no date":           {"created_at", "yesterday", "field created_at: it is a string, but not a time", nil, false},
	"year 12024":        {"created_at", time.Date(12024, 1, 1, 0, 0, 0, 0, time.UTC), "field created_at: it is after the year 9999", nil, false},
	"missing date":      {"created_at", notStored{}, "", func(u *db.User) bool { return !u.CreatedAt.Before(idTime) }, false},
	"null date":         {"created_at", nil, "", func(u *db.User) bool { return !u.CreatedAt.Before(idTime) }, false},
	"zero date":         {"created_at", time.Time{}, "", func(u *db.User) bool { return !u.CreatedAt.Before(idTime) }, false},
	"missing change":    {"updated_at", notStored{}, "", func(u *db.User) bool { return u.UpdatedAt.Equal(u.CreatedAt) }, false},
	"small role":        {"role", "admin", "", func(u *db.User) bool { return u.Role == "ADMIN" }, false},
	"role with a space": {"role", "User ", "", func(u *db.User) bool { return u.Role == "USER" }, false},
	"unknown role":      {"role", "boss", "", func(u *db.User) bool { return u.Role == "USER" }, true},
	"empty role":        {"role", "", "", func(u *db.User) bool { return u.Role == "USER" }, true},
	"number as role":    {"role", int64(1), "", func(u *db.User) bool { return u.Role == "USER" }, true},
	"null role":         {"role", nil, "", func(u *db.User) bool { return u.Role == "USER" }, false},
	"text as version":   {"version", "3", "", func(u *db.User) bool { return u.Version == 3 }, false},
	"stale key":         {"name_key", "other", "", func(u *db.User) bool { return u.Name == "Asha" }, false},
	"fine":              {"token", "x", "", func(u *db.User) bool { return u.Name == "Asha" }, false},
}

// idTime is not after the time in a new id.
var idTime = time.Now().Truncate(time.Second)

// TestOddDocuments checks that each odd document is found in lists of every order, in counts and by filters, or left out and
// reported, and that no stored value is changed.
func TestOddDocuments(t *testing.T) {
	t.Parallel()
	s, raw, ids := seedOddUsers(t)
	for range 2 { // the second time, nothing may change
		findings, err := s.Adapt(t.Context(), db.Users.Collection, store.Filter{}, func(store.Derived, string) any { return nil })
		wantNoError(t, "Adapt", err)
		for name, odd := range oddUsers {
			i := slices.IndexFunc(findings, func(f store.Finding) bool { return f.ID == ids[name].String() })
			if reported := i >= 0; reported != (odd.reported || odd.problem != "") {
				t.Errorf("%s: reported: %v", name, reported)
			} else if odd.problem != "" && (findings[i].Problem != odd.problem || findings[i].Kind != store.Unreadable) {
				t.Errorf("%s: found %+v, want %q", name, findings[i], odd.problem)
			}
		}
	}
	for name, odd := range oddUsers {
		where := store.And(store.Eq("_id", ids[name]), store.Compare(store.OpGt, "created_at", legacyTime.Add(-time.Hour)),
			store.NotIn("role", []string{"x"}), store.Compare(store.OpGte, "version", 1))
		if odd.field != "name" {
			where = store.And(where, store.Eq("name_key", "asha"))
		}
		found, err := entity.Find[db.User](t.Context(), s, db.Users.Collection, store.Query{Where: where})
		wantNoError(t, name, err)
		if wanted := odd.problem == ""; len(found) == 1 != wanted || wanted && !odd.check(found[0]) {
			t.Errorf("%s: found %d: %+v", name, len(found), found)
		}
		got := readRaw(t, raw, ids[name])
		for _, e := range oddDocument(ids[name], odd, name) {
			if e.Key != "name_key" && !hasElement(got, e) {
				t.Errorf("%s: the stored %s is changed: %v", name, e.Key, got)
			}
		}
	}
	for _, field := range []string{"created_at", "updated_at", "role", "name_key", "email_key"} {
		for _, desc := range []bool{false, true} {
			pageOddUsers(t, s, []store.Sort{{Field: field, Desc: desc}, {Field: "_id", Desc: desc}})
		}
	}
}

func seedOddUsers(t *testing.T) (s *mongo.Store, raw *driver.Collection, ids map[string]store.ID) {
	t.Helper()
	database := mongotest.Database(t)
	raw, ids = database.Collection(db.Users.Name), map[string]store.ID{}
	for name, odd := range oddUsers {
		ids[name] = store.NewID()
		_, err := raw.InsertOne(t.Context(), oddDocument(ids[name], odd, name))
		wantNoError(t, "InsertOne", err)
	}
	return mongotest.OpenOn(t, database, []*store.Collection{db.Users.Collection}), raw, ids
}

// oddDocument is the old application's document with an odd field, and an address of its own.
func oddDocument(id store.ID, odd oddUser, name string) bson.D {
	var document bson.D
	for _, e := range legacyUser(id) {
		if e.Key == "email" {
			e.Value = name + "@Example.com"
		}
		if e.Key != odd.field {
			document = append(document, e)
		}
	}
	if odd.value != (notStored{}) {
		document = append(document, bson.E{Key: odd.field, Value: odd.value})
	}
	return document
}

// pageOddUsers reads all users in pages of two, and checks that it gets as many as there are, in order.
func pageOddUsers(t *testing.T, s *mongo.Store, order []store.Sort) {
	t.Helper()
	readable := 0
	for _, odd := range oddUsers {
		if odd.problem == "" {
			readable++
		}
	}
	count, err := s.Count(t.Context(), db.Users.Collection, store.Filter{})
	wantNoError(t, "Count", err)
	seen := map[store.ID]bool{}
	query := store.Query{Sort: order, Limit: 2}
	for {
		page, err := entity.Find[db.User](t.Context(), s, db.Users.Collection, query)
		wantNoError(t, "Find", err)
		for _, user := range page {
			seen[user.ID] = true
		}
		if len(page) < query.Limit || len(seen) > readable {
			break
		}
		last := page[len(page)-1]
		query.After = nil
		for _, key := range order {
			query.After = append(query.After, store.ValueAt(last.Pointers(nil)[db.Users.FieldIndex(key.Field)]))
		}
	}
	if count != readable || len(seen) != readable {
		t.Errorf("by %s: %d on pages, %d counted, want %d", order[0].Field, len(seen), count, readable)
	}
}

func hasElement(document bson.D, wanted bson.E) bool {
	w, _ := bson.MarshalExtJSON(bson.D{wanted}, true, false)
	return slices.ContainsFunc(document, func(e bson.E) bool {
		got, _ := bson.MarshalExtJSON(bson.D{e}, true, false)
		return string(got) == string(w)
	})
}

// TestReadUnadapted checks that a document which another program has just written is found, although nobody has adapted it.
func TestReadUnadapted(t *testing.T) {
	t.Parallel()
	database := mongotest.Database(t)
	s, err := mongo.Open(mongotest.URI(t), database.Name(), db.Collections())
	wantNoError(t, "Open", err)
	t.Cleanup(func() { _ = s.Close() })
	id := store.NewID()
	_, err = database.Collection("users").InsertOne(t.Context(), bson.D{
		{Key: "_id", Value: bson.ObjectID(id)}, {Key: "name", Value: "Asha"}, {Key: "email", Value: "asha@crm.example"}, {Key: "role", Value: "ADMIN"},
		{Key: "created_at", Value: "2024-02-29T13:00:00+01:00"},
	})
	wantNoError(t, "InsertOne", err)
	found, err := entity.Find[db.User](t.Context(), s, db.Users.Collection, store.Query{Where: store.Eq("_id", id)})
	wantNoError(t, "Find", err)
	if len(found) != 1 || found[0].Name != "Asha" || !found[0].CreatedAt.Equal(oddNoon) {
		t.Errorf("found %+v", found)
	}
}
