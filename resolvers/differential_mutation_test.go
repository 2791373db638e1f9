package resolvers_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
)

// mutationsARound is how many mutations two stores go through before they have changed too much to be of use.
const mutationsARound = 50

// TestFastPathAnswersMutationsAsTheExecutor has two stores with the same documents go through the same random mutations.
func TestFastPathAnswersMutationsAsTheExecutor(t *testing.T) {
	t.Parallel()
	rounds := 24
	if testing.Short() {
		rounds = 2
	}
	template := filepath.Join(t.TempDir(), "template.db")
	store := openSeeded(t, template)
	known := everyKnowledge(t, newTwin(t, store))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	done := &doneMutations{fields: map[string]bool{}}
	t.Run("rounds", func(t *testing.T) {
		for round := range rounds {
			t.Run(fmt.Sprint(round), func(t *testing.T) {
				t.Parallel()
				stock, fast := newTwin(t, openCopy(t, template)), newTwin(t, openCopy(t, template))
				for i := range mutationsARound {
					if !tryMutation(t, known, uint64(round*mutationsARound+i), stock, fast, done) {
						return
					}
				}
			})
		}
	})
	if !testing.Short() && !t.Failed() {
		done.check(t)
	}
}

// openCopy opens a copy of a closed store.
func openCopy(t *testing.T, template string) store.Store {
	t.Helper()
	content, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "crm.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return openStore(t, path)
}

// tryMutation compares the answers to one mutation, and reports whether they are the same.
func tryMutation(t *testing.T, known []*knowledge, n uint64, stock, fast *twin, done *doneMutations) bool {
	t.Helper()
	rnd := rand.New(rand.NewPCG(differentialSeed+1, n))
	g := newGenerator(rnd, known[rnd.IntN(len(known))])
	g.isMutation = true
	r := g.circumstances(g.mutationOperation(int(n)))
	byStock, byFast := r.send(t, stock.stock), r.send(t, fast.fast)
	if !byStock.same(byFast) {
		t.Errorf("mutation %d of seed %d:\n%s\n%s", n, differentialSeed+1, r, difference(byStock, byFast))
		return false
	}
	if problem := byStock.invalid(); problem != "" {
		t.Errorf("mutation %d of seed %d is not valid:\n%s\n%s", n, differentialSeed+1, r, problem)
		return false
	}
	if len(byStock.errors) == 0 {
		done.add(r.selected)
	}
	return true
}

// doneMutations has the mutations that were done at least once without any error.
type doneMutations struct {
	mutex  sync.Mutex
	fields map[string]bool
}

func (d *doneMutations) add(selected map[string]bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for field := range selected {
		if name, ok := strings.CutPrefix(field, "Mutation."); ok {
			d.fields[name] = true
		}
	}
}

// check fails if the mutations that can be compared were not done: all but those whose answers have new ids.
func (d *doneMutations) check(t *testing.T) {
	t.Helper()
	for _, field := range servedTypes.Mutation.Fields {
		isNew := strings.HasPrefix(field.Name, "create") || strings.HasPrefix(field.Name, "signUp") || field.Name == "refresh"
		if !isNew && !d.fields[field.Name] {
			t.Errorf("%s was never done", field.Name)
		}
	}
}

// mutationOperation makes a mutation of one or two fields, of which the first are each as frequent. Deletions are rare
// among the others, so that there is something left.
func (g *generator) mutationOperation(n int) randomOperation {
	var parts []string
	for i := range 1 + g.rnd.IntN(2) {
		field := servedTypes.Mutation.Fields[n%len(servedTypes.Mutation.Fields)]
		for i > 0 || (strings.HasPrefix(field.Name, "delete") && g.chance(40)) {
			field, i = oneOf(g, servedTypes.Mutation.Fields), 0
		}
		parts = append(parts, g.field(servedTypes.Mutation, field, 2+g.rnd.IntN(5)))
	}
	return g.finish("mutation", "{ "+strings.Join(parts, " ")+" }")
}

// isVague tells fields whose values depend on the clock or on chance.
func isVague(field *ast.FieldDefinition) bool {
	isTime := field.Type.Name() == "DateTime" && field.Name != "startTime" && field.Name != "endTime"
	return isTime || field.Type.Name() == "Tokens"
}

// fixedValue returns the value that a field of a mutation's input needs: a password that is right, and for what would
// get a new id, which differs between two stores, a text that is refused.
func fixedValue(definition *ast.Definition, field *ast.FieldDefinition) (value any, ok bool) {
	isNew := strings.HasPrefix(definition.Name, "Create") || strings.HasPrefix(definition.Name, "SignUp")
	switch field.Name {
	case "password", "currentPassword", "newPassword":
		return password, true
	case "name", "title", "description", "text":
		return "", isNew
	}
	return nil, false
}
