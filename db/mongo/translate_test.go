package mongo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/store"
)

// shop is a collection for tests that need no server.
var shop = &store.Collection{
	Name: "shops",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "owner_id", Type: store.TypeID},
		{Name: "name", Type: store.TypeString},
		{Name: "size", Type: store.TypeInt},
		{Name: "opened", Type: store.TypeTime},
		{Name: "name_key", Type: store.TypeString},
	},
	Indexes: []store.Index{
		{Name: "shops_name", Keys: []store.Key{{Field: "name_key"}}, Unique: true, Reports: "name"},
		{Name: "shops_owner", Keys: []store.Key{{Field: "owner_id"}, {Field: "size", Desc: true}, {Field: "_id"}}},
	},
}

var (
	first  = store.ID{11: 1}
	second = store.ID{11: 2}
)

func shops(t *testing.T) *layout {
	t.Helper()
	l, err := newLayout(shop)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wantJSON compares a document with its relaxed extended JSON.
func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	text, err := bson.MarshalExtJSON(bson.D{{Key: "got", Value: got}}, false, false)
	if err != nil {
		t.Fatal(err)
	}
	want = `{"got":` + strings.NewReplacer("\n", "", "\t", "", "'", `"`).Replace(want) + `}`
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 2, 29, 12, 0, 0, 999_999, time.FixedZone("", 3600))
	subquery := store.InQuery("owner_id", db.Users.Collection, "_id", store.Eq("name", "x"))
	cases := map[string]struct {
		filter store.Filter
		want   string
	}{
		"all":              {store.Filter{}, `{}`},
		"none":             {store.None(), `{'_id':{'$in':[]}}`},
		"and of nothing":   {store.Filter{Op: store.OpAnd}, `{}`},
		"equal":            {store.Eq("_id", first), `{'_id':{'$oid':'000000000000000000000001'}}`},
		"operator as text": {store.Eq("name", `{"$gt":""}`), `{'name':'{\'$gt\':\'\'}'}`},
		"not equal":        {store.Compare(store.OpNe, "size", 3), `{'size':{'$ne':3}}`},
		"large int":        {store.Compare(store.OpGt, "size", 1<<40), `{'size':{'$gt':1099511627776}}`},
		"time":             {store.Compare(store.OpLte, "opened", day), `{'opened':{'$lte':{'$date':'2024-02-29T11:00:00Z'}}}`},
		"in":               {store.In("name", []string{"a", "$b"}), `{'name':{'$in':['a','$b']}}`},
		"not in nothing":   {store.NotIn("name", []string{}), `{'name':{'$nin':[]}}`},
		"null":             {store.IsNull("name"), `{'name':{'$eq':null}}`},
		"not null":         {store.Not(store.IsNull("name")), `{'$nor':[{'name':{'$eq':null}}]}`},
		"subquery":         {subquery, `{'owner_id':{'$in':[7]}}`},
		"logic": {store.Or(store.And(store.Eq("size", 1), store.Eq("size", 2)), store.Not(store.Eq("size", 3))),
			`{'$or':[{'$and':[{'size':1},{'size':2}]},{'$nor':[{'size':3}]}]}`},
		"contains": {store.Compare(store.OpContains, "name", "a.b"),
			`{'name':{'$regularExpression':{'pattern':'a\\.b','options':''}}}`},
		"starts with": {store.Compare(store.OpStartsWith, "name", "(\x00\n$"),
			`{'name':{'$regularExpression':{'pattern':'^\\(\\x00\n\\$','options':''}}}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := translate(t.Context(), shops(t), c.filter, func(context.Context, *store.Subquery) (bson.A, error) {
				return bson.A{7}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			wantJSON(t, got, strings.ReplaceAll(strings.ReplaceAll(c.want, `\'`, `\"`), `00`+"\n", `00\n`))
		})
	}
}

func TestTranslateRefuses(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]store.Filter{
		"unknown field":       store.Eq("token", "x"),
		"unknown field, deep": store.Not(store.Or(store.IsNull("$where"))),
		"nil":                 store.Eq("name", nil),
		"nil among values":    {Op: store.OpIn, Field: "name", Values: []any{nil}},
		"document":            store.Eq("name", bson.D{{Key: "$gt", Value: ""}}),
		"number as text":      store.Compare(store.OpContains, "name", 3),
		"unknown operator":    {Op: 99, Field: "name"},
		"failing subquery":    store.InQuery("owner_id", db.Users.Collection, "_id", store.Filter{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := translate(t.Context(), shops(t), filter, func(context.Context, *store.Subquery) (bson.A, error) {
				return nil, errors.New("no")
			})
			if err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

func TestAfterFilter(t *testing.T) {
	t.Parallel()
	order := []store.Sort{{Field: "size", Desc: true}, {Field: "name"}, {Field: "_id"}}
	got, err := afterFilter(shops(t), store.Query{Sort: order, After: []any{5, "x", first}})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, got, `{'size':{'$lte':5},'$or':[
		{'size':{'$lt':5}},
		{'size':5,'name':{'$gt':'x'}},
		{'size':5,'name':'x','_id':{'$gt':{'$oid':'000000000000000000000001'}}}]}`)
	if _, err := afterFilter(shops(t), store.Query{Sort: order, After: []any{5}}); err == nil {
		t.Error("one value for three keys is accepted")
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	store := &Store{subqueryLimit: 100_000}
	wantJSON(t, store.selection(shops(t), "owner_id", bson.D{{Key: "size", Value: 1}}), `[
		{'$match':{'size':1,'deleted_at':null}},
		{'$group':{'_id':'$owner_id'}},{'$limit':100002},{'$project':{'_id':1}}]`)
	wantJSON(t, store.selection(shops(t), "_id", bson.D{}), `[
		{'$match':{'deleted_at':null}},{'$limit':100002},{'$project':{'_id':1}}]`)
}

// TestChildrenPipeline checks the pipeline that FerretDB can't run, with the form of $lookup that MongoDB has had since
// 5.0.
func TestChildrenPipeline(t *testing.T) {
	t.Parallel()
	engine := new(Store)
	translated, err := engine.query(t.Context(), shops(t), store.Query{
		Where: store.Eq("size", 1), Sort: []store.Sort{{Field: "size", Desc: true}, {Field: "_id"}}, Limit: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &childrenQuery{query: translated, parent: "owner_id", parents: bson.A{bson.ObjectID(first), bson.ObjectID(second)}}
	wantJSON(t, f.pipeline(), `[
		{'$match':{'owner_id':{'$in':[{'$oid':'000000000000000000000001'},{'$oid':'000000000000000000000002'}]}}},
		{'$sort':{'owner_id':1}},
		{'$group':{'_id':'$owner_id'}},
		{'$lookup':{'from':'shops','localField':'_id','foreignField':'owner_id','pipeline':[
			{'$match':{'size':1,'deleted_at':null}},{'$sort':{'size':-1,'_id':1}},{'$limit':3},
			{'$project':{'_id':1,'owner_id':1,'name':1,'size':1,'opened':1,'name_key':1}}],'as':'child'}},
		{'$unwind':'$child'},
		{'$replaceRoot':{'newRoot':'$child'}}]`)
	wantJSON(t, f.flat().sort, `{'owner_id':1,'size':-1,'_id':1}`)
	wantJSON(t, f.flat().filter, `{'$and':[
		{'owner_id':{'$in':[{'$oid':'000000000000000000000001'},{'$oid':'000000000000000000000002'}]}},
		{'size':1,'deleted_at':null}]}`)
}

func TestMarkDeleted(t *testing.T) {
	t.Parallel()
	var update change
	update.addEvents(bson.A{bson.D{{Key: "type", Value: "x"}}}, time.UnixMilli(1))
	update.markDeleted(shops(t), time.UnixMilli(2))
	wantJSON(t, update.document(), `{
		'$set':{'deleted_at':{'$date':'1970-01-01T00:00:00.002Z'}},'$unset':{'name_key':''},
		'$push':{'pending':{'$each':[{'type':'x'}]}},'$min':{'pending_at':{'$date':'1970-01-01T00:00:00.001Z'}}}`)
}
