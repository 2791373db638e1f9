package resolvers_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
)

// mutationsARound is the number of mutations in a round; with more, the stores would have changed too much to be useful.
const mutationsARound = 50

// TestFastPathAnswersMutationsAsTheExecutor performs the same random mutations on two stores with the same documents.
func TestFastPathAnswersMutationsAsTheExecutor(t *testing.T) {
	t.Parallel()
	rounds := 2
	if thorough() {
		rounds = 16
	}
	template := filepath.Join(t.TempDir(), "template.db")
	store := openSeeded(t, template)
	known := allKnownValues(t, newTwin(t, store))
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
	if thorough() && !t.Failed() {
		stock, fast := newTwin(t, openCopy(t, template)), newTwin(t, openCopy(t, template))
		done.complete(t, func(n int) bool { return tryMutation(t, known, uint64(n), stock, fast, done) })
	}
}

// openCopy opens a copy of a closed store.
func openCopy(t *testing.T, template string) store.Store {
	t.Helper()
	content, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sqlitetest.Folder(t), "crm.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return openStore(t, path)
}

// tryMutation compares the responses to one mutation, and reports whether they are equal.
func tryMutation(t *testing.T, known []*knownValues, n uint64, stock, fast *twin, done *doneMutations) bool {
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

// doneMutations contains the mutations that succeeded at least once.
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

// rareTries is how often a mutation is tried that hasn't succeeded by chance.
const rareTries = 500

// complete tries each comparable mutation that hasn't succeeded yet until it does, and fails if it never does. Mutations whose
// responses contain new ids are not comparable.
func (d *doneMutations) complete(t *testing.T, try func(n int) bool) {
	t.Helper()
	fields := servedTypes.Mutation.Fields
	for i, field := range fields {
		isNew := createsDocument(field.Name) || field.Name == "refresh" || isProtected(field)
		for n := i + 1_000_000*len(fields); !isNew && !d.fields[field.Name]; n += len(fields) {
			if n > (1_000_000+rareTries)*len(fields) {
				t.Errorf("%s never succeeded", field.Name)
				break
			}
			if !try(n) {
				return
			}
		}
	}
}

// mutationOperation generates a mutation with one or two fields. All mutations are equally frequent as the first field;
// deletions are rare as the second, which keeps enough documents.
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

// isVague reports whether the values of a field depend on the clock or on randomness.
func isVague(field *ast.FieldDefinition) bool {
	isTime := field.Type.Name() == "DateTime" && field.Name != "startTime" && field.Name != "endTime"
	isRandom := slices.Contains([]string{"secret", "uri", "qrCode", "recoveryCodes"}, field.Name)
	return isTime || isRandom || slices.Contains([]string{"Tokens", "TwoFactorChallenge"}, field.Type.Name())
}

// isProtected reports whether a mutation takes a secret that no random operation has.
func isProtected(mutation *ast.FieldDefinition) bool {
	return slices.ContainsFunc(mutation.Arguments, func(argument *ast.ArgumentDefinition) bool {
		in := servedTypes.Types[argument.Type.Name()]
		return in.Fields.ForName("token") != nil || in.Fields.ForName("code") != nil
	})
}

// createsDocument reports whether a mutation, or the one with an input of that name, creates a document.
func createsDocument(name string) bool {
	return slices.ContainsFunc([]string{"create", "signUp", "inviteUser", "replyToTicket", "addTicketNote"}, func(prefix string) bool {
		return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
	})
}

// fixedValue returns a required value of a field of a mutation's input: a correct password, or an invalid text for
// mutations that would create a document, whose id would differ between the stores.
func fixedValue(definition *ast.Definition, field *ast.FieldDefinition) (value any, ok bool) {
	isNew := createsDocument(definition.Name)
	switch field.Name {
	case "password", "currentPassword", "newPassword":
		return password, true
	case "name", "email", "title", "description", "text", "body":
		return "", isNew
	}
	return nil, false
}
