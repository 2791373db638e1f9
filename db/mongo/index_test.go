package mongo

import (
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

func TestIndexes(t *testing.T) {
	t.Parallel()
	wantJSON(t, shops(t).indexes(), `[
		{'name':'shops_name','key':{'name_key':1},'unique':true,'sparse':true},
		{'name':'shops_name_order','key':{'name_key':1,'_id':1}},
		{'name':'shops_owner','key':{'owner_id':1,'size':-1,'_id':1}},
		{'name':'shops_pending','key':{'pending_at':1},'sparse':true}]`)
	events, err := newLayout(store.Events)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(events.indexes(), func(i index) bool { return i.Sparse }) {
		t.Error("an index of the events is sparse, so it can't give their order")
	}
}

func TestIndexIsMetBy(t *testing.T) {
	t.Parallel()
	key := bson.D{{Key: "name", Value: int64(1)}}
	cases := map[string]struct {
		wanted, existing index
		want             bool
	}{
		"other name":         {index{Name: "a"}, index{Name: "b"}, true},
		"more than wanted":   {index{}, index{Unique: true}, true},
		"not unique":         {index{Unique: true}, index{}, false},
		"unique, not sparse": {index{Unique: true, Sparse: true}, index{Unique: true}, true},
		"sparse":             {index{}, index{Sparse: true}, false},
		"partial":            {index{Unique: true}, index{Unique: true, Partial: bson.Raw{5, 0, 0, 0, 0}}, false},
		"other collation":    {index{}, index{Collation: bson.Raw{5, 0, 0, 0, 0}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.wanted.Key, c.existing.Key = bson.D{{Key: "name", Value: 1}}, key
			if got := c.wanted.isMetBy(c.existing); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestNewLayoutRefuses(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]store.Field{
		"no fields":          nil,
		"_id isn't first":    {{Name: "name"}, {Name: "_id"}},
		"the engine's field": {{Name: "_id"}, {Name: "pending"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := newLayout(&store.Collection{Name: "bad", Fields: fields}); err == nil {
				t.Error("got no error")
			}
		})
	}
}

func TestDatabaseName(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"mongodb://localhost":                             "crm",
		"mongodb://localhost/":                            "crm",
		"mongodb://a:1,b:2/Cluster0?replicaSet=x/y":       "Cluster0",
		"mongodb+srv://user:p%40ss@host.example/my%2Ddb?": "my-db",
		"mongodb://localhost?authSource=admin":            "crm",
		"mongodb://localhost/a%2Fb":                       "",
		"mongodb://localhost/%zz":                         "",
		"localhost:27017/crm":                             "",
		"postgres://localhost/crm":                        "",
	}
	for uri, want := range cases {
		if got, err := DatabaseName(uri, "crm"); got != want || (err == nil) != (want != "") {
			t.Errorf("DatabaseName(%q): got %q, %v, want %q", uri, got, err, want)
		}
	}
}

// TestURIErrorsHideThePassword uses URIs whose password isn't escaped, so that parts of it are taken for something else.
func TestURIErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"mongodb://user:hunter2/x@localhost/crm", "mongodb://user:hunter2:y@localhost", "mongodb://user:x@hunter2@localhost",
		"mongodb://user:x/hunter2 y@localhost", "mongodb://user:x?hunter2=y@localhost", "mongodb://u:x#hunter2@localhost",
		"mongodb://localhost:hunter2%40/", "mongodb://localhost/?tls=true&tlsCertificateKeyFile=x&tlsCertificateKeyFilePassword=hunter2",
		"hunter2@localhost",
	} {
		database, err := DatabaseName(uri, "crm")
		if err == nil {
			var s *Store
			if s, err = Open(uri, database, nil); err == nil {
				_ = s.Close()
			}
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error is %v", uri, err)
		}
	}
}
