package mongo

import (
	"math"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/store"
)

// record has a nullable and a required field of every type.
type record struct {
	ID       store.ID
	Text     string
	Number   int
	Flag     bool
	At       time.Time
	NoText   *string
	NoNumber *int
	NoFlag   *bool
	NoAt     *time.Time
	NoID     *store.ID
}

func (r *record) Pointers(into []any) []any {
	return append(into,
		&r.ID, &r.Text, &r.Number, &r.Flag, &r.At, &r.NoText, &r.NoNumber, &r.NoFlag, &r.NoAt, &r.NoID,
	)
}

var records = &store.Collection{Name: "records", Fields: []store.Field{
	{Name: "_id", Type: store.TypeID},
	{Name: "text", Type: store.TypeString, Default: "none"},
	{Name: "number", Type: store.TypeInt, Default: 1},
	{Name: "flag", Type: store.TypeBool, Default: true},
	{Name: "at", Type: store.TypeTime},
	{Name: "no_text", Type: store.TypeString, Nullable: true},
	{Name: "no_number", Type: store.TypeInt, Nullable: true},
	{Name: "no_flag", Type: store.TypeBool, Nullable: true},
	{Name: "no_at", Type: store.TypeTime, Nullable: true},
	{Name: "no_id", Type: store.TypeID, Nullable: true},
}}

func decodeRecord(t *testing.T, fields bson.D) (*record, error) {
	t.Helper()
	l, err := newLayout(records)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := bson.Marshal(append(bson.D{{Key: "_id", Value: bson.ObjectID(first)}}, fields...))
	if err != nil {
		t.Fatal(err)
	}
	got := &record{
		Text: "old", NoText: new("old"), NoID: &second, NoAt: new(time.Time), NoFlag: new(bool), NoNumber: new(int),
	}
	return got, (&decoder{layout: l}).decode(raw, got)
}

type decodeCase struct {
	field string
	value any
	want  func(*record)
}

var noon = time.Date(2024, 2, 29, 12, 0, 0, 5e6, time.UTC)

func decodeCases() map[string]decodeCase {
	return map[string]decodeCase{
		"undeclared field":    {"token", "secret", func(*record) {}},
		"null":                {"text", nil, func(*record) {}},
		"nullable null":       {"no_text", nil, func(*record) {}},
		"string":              {"text", "", func(r *record) { r.Text = "" }},
		"int32 as string":     {"text", int32(7), func(r *record) { r.Text = "7" }},
		"double as string":    {"text", 1.5, func(r *record) { r.Text = "1.5" }},
		"int32":               {"number", int32(-7), func(r *record) { r.Number = -7 }},
		"int64":               {"number", int64(math.MaxInt64), func(r *record) { r.Number = math.MaxInt64 }},
		"double":              {"number", 3.0, func(r *record) { r.Number = 3 }},
		"nullable int32":      {"no_number", int32(0), func(r *record) { r.NoNumber = new(int) }},
		"bool":                {"flag", false, func(r *record) { r.Flag = false }},
		"date":                {"at", noon.In(time.FixedZone("", 7200)), func(r *record) { r.At = noon }},
		"RFC 3339 string":     {"at", "2024-02-29T13:00:00.005999+01:00", func(r *record) { r.At = noon }},
		"nullable date":       {"no_at", noon, func(r *record) { r.NoAt = &noon }},
		"id":                  {"no_id", bson.ObjectID(first), func(r *record) { r.NoID = &first }},
		"hexadecimal string":  {"no_id", first.String(), func(r *record) { r.NoID = &first }},
		"nullable zero value": {"no_flag", false, func(r *record) { r.NoFlag = new(bool) }},
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range decodeCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeRecord(t, bson.D{{Key: c.field, Value: c.value}})
			if err != nil {
				t.Fatal(err)
			}
			want := &record{ID: first, Text: "none", Number: 1, Flag: true}
			c.want(want)
			for i, pointer := range want.Pointers(nil) {
				if g, w := store.ValueAt(got.Pointers(nil)[i]), store.ValueAt(pointer); g != w {
					t.Errorf("field %s: got %v, want %v", records.Fields[i].Name, g, w)
				}
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for field, value := range map[string]any{
		"text": bson.D{}, "number": "seven", "flag": "yes", "at": math.NaN(),
		"no_at": "yesterday", "no_id": "short", "no_number": 1.5,
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			_, err := decodeRecord(t, bson.D{{Key: field, Value: value}})
			if err == nil {
				t.Fatal("got no error")
			}
			for _, part := range []string{"records", first.String(), field} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q doesn't name %s", err, part)
				}
			}
		})
	}
}

func TestDecodeRefusesPartsOfDocuments(t *testing.T) {
	t.Parallel()
	l, err := newLayout(records)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := l.encode(&record{ID: first, Text: "a text", NoAt: &noon}, "")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := bson.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	for n := range raw {
		if err := (&decoder{layout: l}).decode(raw[:n], new(record)); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a document", n, len(raw))
		}
	}
}

// TestPlainValues checks that what is taken for plain without interpretation is what interpretation takes for typed, and that
// nearly all values are plain.
func TestPlainValues(t *testing.T) {
	t.Parallel()
	l, err := newLayout(db.Tickets.Collection)
	if err != nil {
		t.Fatal(err)
	}
	plain := map[string]any{
		"_id": bson.ObjectID(first), "status": "in_progress", "title": "", "created_at": noon, "updated_at": lastDate,
	}
	for _, f := range l.Fields {
		for _, value := range []any{
			nil, bson.ObjectID(first), first.String(), "", "open", "Open ", "boss", "2", int32(2), int64(9), 2.0, 2.5, true, "true", noon, firstDate,
			lastDate, firstDate.Add(-1e6), lastDate.Add(1e6), time.Time{}, bson.A{}, bson.D{}, bson.Timestamp{T: 1}, plain[f.Name],
		} {
			raw, err := bson.Marshal(bson.D{{Key: "_id", Value: bson.ObjectID(first)}, {Key: "value", Value: value}})
			if err != nil {
				t.Fatal(err)
			}
			stored := bson.Raw(raw).Lookup("value")
			m, err := l.meaningOf(raw, f, stored)
			if isPlain(&f, stored) && (err != nil || !m.typed) {
				t.Errorf("%s: %v is taken for plain, but means %+v, %v", f.Name, value, m, err)
			}
			if value != nil && value == plain[f.Name] && !isPlain(&f, stored) {
				t.Errorf("%s: %v isn't taken for plain", f.Name, value)
			}
		}
	}
}
