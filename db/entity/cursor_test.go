package entity

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"crm/db/store"
)

func testCursors(key string, def *Definition, order ...store.Sort) cursors {
	var problems store.Problems
	return newCursors([][]byte{[]byte(key)}, def.Collection, totalOrder(def, order, &problems))
}

// problemsOf returns the problems that a check finds, or "" if there are none.
func problemsOf(check func(p *store.Problems)) string {
	var problems store.Problems
	check(&problems)
	if err := problems.Err(); err != nil {
		return err.Error()
	}
	return ""
}

func TestCursor(t *testing.T) {
	t.Parallel()
	customer := &person{ID: store.NewID(), CreatedAt: time.Date(2030, 1, 2, 3, 4, 5, 6e6, time.UTC), nameKey: "é \x00 \"quoted\" <日本>"}
	ticket := &task{ID: store.NewID(), Priority: 4, CreatedAt: time.Date(1960, 1, 1, 0, 0, 0, 1e6, time.UTC)}
	for _, test := range []struct {
		cursors
		doc  store.Document
		want []any
	}{
		{testCursors("k", people), customer, []any{customer.CreatedAt, customer.ID}},
		{testCursors("k", people, store.Sort{Field: "name_key"}, store.Sort{Field: "created_at", Desc: true}), customer, []any{customer.nameKey, customer.CreatedAt, customer.ID}},
		{testCursors("k", tasks, store.Sort{Field: "priority", Desc: true}, store.Sort{Field: "created_at"}), ticket, []any{4, ticket.CreatedAt, ticket.ID}},
	} {
		cursor := test.of(test.doc)
		var problems store.Problems
		if got := test.parse("after", &cursor, &problems); len(problems) > 0 || fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("cursor %s is decoded as %v, %v, want %v", cursor, got, problems, test.want)
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			forged := append([]byte{}, raw...)
			forged[i] ^= 1
			text := base64.RawURLEncoding.EncodeToString(forged)
			if problem := problemsOf(func(p *store.Problems) { test.parse("after", &text, p) }); problem == "" {
				t.Errorf("byte %d can be changed", i)
			}
		}
	}
	if got := testCursors("k", people).parse("after", nil, nil); got != nil {
		t.Errorf("a missing cursor is decoded as %v", got)
	}
}

// TestCursorOfAnotherList checks that a cursor is valid only for its list, its order and its key.
func TestCursorOfAnotherList(t *testing.T) {
	t.Parallel()
	cursor := testCursors("k", people, store.Sort{Field: "name_key"}).of(&person{ID: store.NewID()})
	lists := map[string]cursors{
		"another key":        testCursors("K", people, store.Sort{Field: "name_key"}),
		"another collection": testCursors("k", others, store.Sort{Field: "name_key"}),
		"another order":      testCursors("k", people, store.Sort{Field: "email_key"}),
		"another direction":  testCursors("k", people, store.Sort{Field: "name_key", Desc: true}),
		"one key more":       testCursors("k", people, store.Sort{Field: "name_key"}, store.Sort{Field: "created_at"}),
		"no order":           testCursors("k", people),
	}
	for name, other := range lists {
		if problem := problemsOf(func(p *store.Problems) { other.parse("before", &cursor, p) }); !strings.Contains(problem, "before: is not a cursor of this list") {
			t.Errorf("%s accepts the cursor: %q", name, problem)
		}
	}
	// Even if signed with the right key, the content must fit the order.
	own := testCursors("k", people)
	for _, content := range []string{``, `[]`, `null`, `{}`, `[1]`, `["x", "y"]`, `[1, "000000000000000000000000", 2]`, `[1, "nonsense"]`, `[1.5, "000000000000000000000000"]`, `[1e400, "000000000000000000000000"]`} {
		text := base64.RawURLEncoding.EncodeToString(append(own.digest(own.keys[0], []byte(content)), content...))
		if problem := problemsOf(func(p *store.Problems) { own.parse("after", &text, p) }); problem == "" {
			t.Errorf("a cursor with content %s is accepted", content)
		}
	}
	for _, text := range []string{"", "!", "AAAA", "=", "\x00", cursor + "=", cursor + "A"} {
		if problem := problemsOf(func(p *store.Problems) { own.parse("after", &text, p) }); problem == "" {
			t.Errorf("%q is accepted as a cursor", text)
		}
	}
}

// TestCursorOutlivesItsKey checks that a cursor stays valid when a new key is added before the one that signed it.
func TestCursorOutlivesItsKey(t *testing.T) {
	t.Parallel()
	old := testCursors("old", people)
	cursor := old.of(&person{ID: store.NewID()})
	rotated := old
	rotated.keys = [][]byte{[]byte("new"), []byte("old")}
	if problem := problemsOf(func(p *store.Problems) { rotated.parse("after", &cursor, p) }); problem != "" {
		t.Errorf("after a new key was added, the cursor %s", problem)
	}
	if fresh := rotated.of(&person{ID: store.NewID()}); problemsOf(func(p *store.Problems) { old.parse("after", &fresh, p) }) == "" {
		t.Error("the first key doesn't sign")
	}
}
