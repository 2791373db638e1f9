package resolvers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db/entity"
)

// knownValues are the ids and cursors that the operations of one viewer use.
type knownValues struct {
	viewer auth.Viewer
	// visible contains the ids that the viewer may see, ids also hidden and unused ones.
	visible, ids map[entity.Kind][]string
	// cursors contains some cursors of each kind, from lists in their default order.
	cursors map[entity.Kind][]string
}

// findKnownValues reads the values that a viewer can know.
func findKnownValues(tb testing.TB, handler http.Handler, viewer auth.Viewer) *knownValues {
	tb.Helper()
	k := &knownValues{viewer: viewer, visible: map[entity.Kind][]string{}, ids: map[entity.Kind][]string{}, cursors: map[entity.Kind][]string{}}
	for _, seed := range seeds {
		kind, list := seed.kind, seed.list
		for i := range seed.some + 1 {
			k.ids[kind] = append(k.ids[kind], kind.GlobalID(seededID(kind, i)))
		}
		if list == "" || (seed.staffOnly && !viewer.Role.IsStaff()) {
			continue
		}
		r := request{viewer: viewer, randomOperation: randomOperation{query: "{ " + list + "(first: 100) { edges { cursor node { id } } } }"}}
		data := r.send(tb, handler).data
		k.visible[kind], k.cursors[kind] = valuesOf(data, "id"), valuesOf(data, "cursor")
		if len(k.cursors[kind]) == 0 && viewer.LoggedIn() {
			tb.Fatalf("%s sees no %s", viewer.Role, list)
		}
	}
	return k
}

// allKnownValues returns the known values of each viewer.
func allKnownValues(tb testing.TB, t *twin) []*knownValues {
	tb.Helper()
	var all []*knownValues
	for _, viewer := range viewers() {
		all = append(all, findKnownValues(tb, t.stock, viewer))
	}
	return all
}

// valuesOf returns the strings under a key in a response's data.
func valuesOf(data, key string) []string {
	var found []string
	for _, part := range strings.Split(data, `"`+key+`":"`)[1:] {
		value, _, _ := strings.Cut(part, `"`)
		found = append(found, value)
	}
	return found
}

// kinds returns the kinds in a fixed order, which makes operations reproducible.
func kinds() []entity.Kind {
	all := make([]entity.Kind, len(seeds))
	for i, seed := range seeds {
		all[i] = seed.kind
	}
	return all
}

// id returns an id of the matching kind, rarely of another.
func (g *generator) id(s slot) any {
	if s.kind == "" || g.chance(4) {
		s.kind = oneOf(g, kinds())
	}
	if g.chance(2) {
		return oneOf(g, []any{"", "usr_", "no id", nasty[7], 5, "tkt_zzzzzzzzzzzzzzzzzzzzzzzz"})
	}
	if visible := g.known.visible[s.kind]; len(visible) > 0 && g.chance(85) {
		return oneOf(g, visible)
	}
	return oneOf(g, g.known.ids[s.kind])
}

// cursor returns a cursor, rarely a forged one. A cursor of another order is refused as well.
func (g *generator) cursor(s slot) any {
	known := g.known.cursors[s.kind]
	if len(known) == 0 || g.chance(15) {
		return oneOf(g, []any{"", "forged", "AAAAAAAAAABbXQ", nasty[5]})
	}
	return oneOf(g, known)
}

// enum returns a value of an enum. It avoids orders by the time of a change, which depend on the clock.
func (g *generator) enum(definition *ast.Definition) any {
	for {
		if name := oneOf(g, definition.EnumValues).Name; !g.isMutation || name != "UPDATED_AT" {
			return enumValue(name)
		}
	}
}

// integer returns a page size, mostly a small one, which keeps nested pages small.
func (g *generator) integer(s slot) any {
	if (s.name == "first" || s.name == "last") && g.chance(4) {
		return oneOf(g, []any{0, -1, 101, 100, 2147483647, 20})
	}
	if s.name == "expectedVersion" && g.chance(60) {
		return 1
	}
	return 1 + g.rnd.IntN(4)
}

// moment returns a point in time in one of its valid forms.
func (g *generator) moment() any {
	if g.chance(1) {
		return oneOf(g, []any{"yesterday", "2020-01-02", ""})
	}
	at := momentAt(g.rnd.IntN(40))
	if g.chance(30) {
		at = at.In(time.FixedZone("", 5*3600+1800))
	}
	return at.Format(time.RFC3339Nano)
}

// text returns a text that a document may contain, or a part of it.
func (g *generator) text(s slot) any {
	switch {
	case s.name == "name" && s.typ.NonNull && s.depth == 0: // __type(name:)
		return oneOf(g, []any{"User", "TicketWhere", "Viewer", "Role", "nothing"})
	case s.typ.Name() == "EmailAddress" || g.chance(20):
		return oneOf(g, []any{"customer3@example.org", "User1@Example.com", "example", "User2@Example.com"})
	}
	letters := []rune(oneOf(g, nasty))
	if len(letters) > 2 && g.chance(60) {
		from := g.rnd.IntN(len(letters) - 1)
		letters = letters[from : from+1+g.rnd.IntN(2)]
	}
	return string(letters)
}
