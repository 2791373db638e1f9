package mongo_test

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/auth"
	"crm/db"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

var legacyTime = time.Date(2023, 5, 6, 7, 8, 9, 10e6, time.UTC)

// legacyUser is a user as the old application wrote it: with its id repeated as a string, and the last token.
func legacyUser(id store.ID) bson.D {
	return bson.D{
		{Key: "_id", Value: bson.ObjectID(id)},
		{Key: "name", Value: "Asha"},
		{Key: "email", Value: "Asha@Example.com"},
		{Key: "password", Value: "$2a$14$x"},
		{Key: "token", Value: "eyJhbGciOi"},
		{Key: "created_at", Value: bson.NewDateTimeFromTime(legacyTime)},
		{Key: "updated_at", Value: bson.NewDateTimeFromTime(legacyTime)},
		{Key: "user_id", Value: id.String()},
		{Key: "nested", Value: bson.D{{Key: "a", Value: bson.A{int32(1), 2.5}}}},
	}
}

func readRaw(t *testing.T, c *driver.Collection, id store.ID) bson.D {
	t.Helper()
	var found bson.D
	if err := c.FindOne(t.Context(), bson.D{{Key: "_id", Value: bson.ObjectID(id)}}).Decode(&found); err != nil {
		t.Fatalf("cannot read document: %v", err)
	}
	return found
}

func wantNoError(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func TestLegacyDocument(t *testing.T) {
	t.Parallel()
	database := mongotest.Database(t)
	users := database.Collection(db.Users.Name)
	id := store.NewID()
	_, err := users.InsertOne(t.Context(), legacyUser(id))
	wantNoError(t, "InsertOne", err)
	s := mongotest.OpenOn(t, database, []*store.Collection{db.Users.Collection})

	got := new(db.User)
	err = s.Find(t.Context(), db.Users.Collection, store.Query{Where: store.Eq("_id", id)}, func() store.Document { return got })
	wantNoError(t, "Find", err)
	want := db.User{
		ID: id, Name: "Asha", Email: "Asha@Example.com", PasswordHash: "$2a$14$x", Role: auth.User,
		CreatedAt: legacyTime, UpdatedAt: legacyTime, Version: 1,
	}
	if *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}

	set := []store.Assignment{{Field: "name", Value: "Asha R."}, {Field: "version", Value: 2}}
	event := &store.Event{ID: store.NewID(), Type: "user.updated", Entity: id, At: legacyTime}
	wantNoError(t, "Update", s.Update(t.Context(), db.Users.Collection, id, store.IsNull("email_key"), set, event))
	moved, err := s.MoveEvents(t.Context(), 10)
	wantNoError(t, "MoveEvents", err)
	if moved != 1 {
		t.Errorf("moved %d events, want 1", moved)
	}
	expected := append(legacyUser(id), bson.E{Key: "version", Value: int64(2)})
	expected[1].Value = "Asha R."
	wantSameJSON(t, readRaw(t, users, id), expected)
}

// wantSameJSON compares documents including their types and the order of their fields.
func wantSameJSON(t *testing.T, got, want bson.D) {
	t.Helper()
	var texts [2]string
	for i, document := range []bson.D{got, want} {
		text, err := bson.MarshalExtJSON(document, true, false)
		wantNoError(t, "MarshalExtJSON", err)
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Errorf("got\n%s\nwant\n%s", texts[0], texts[1])
	}
}

func TestExistingIndexes(t *testing.T) {
	t.Parallel()
	database := mongotest.Database(t)
	_, err := database.Collection(db.Users.Name).Indexes().CreateMany(t.Context(), []driver.IndexModel{
		{Keys: bson.D{{Key: "email_key", Value: 1}}, Options: options.Index().SetName("their_email").SetUnique(true)},
		{Keys: bson.D{{Key: "name_key", Value: 1}, {Key: "_id", Value: 1}}, Options: options.Index().SetName("their_name")},
	})
	wantNoError(t, "CreateMany", err)
	s := mongotest.OpenOn(t, database, []*store.Collection{db.Users.Collection})
	wantNoError(t, "EnsureIndexes again", s.EnsureIndexes(t.Context()))

	set := []store.Assignment{{Field: "email_key", Value: "a@example.com"}}
	for i, want := range []store.Code{"", store.Conflict} {
		user := &db.User{ID: store.NewID()}
		if i == 0 {
			wantNoError(t, "Insert", s.Insert(t.Context(), db.Users.Collection, user))
		} else {
			_, err := database.Collection(db.Users.Name).InsertOne(t.Context(), legacyUser(user.ID))
			wantNoError(t, "InsertOne", err)
		}
		if err := s.Update(t.Context(), db.Users.Collection, user.ID, store.Filter{}, set); store.CodeOf(err) != want {
			t.Errorf("Update: got %v, want code %q", err, want)
		}
	}
}
