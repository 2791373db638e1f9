package resolvers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// tally counts kinds of operations. It detects a generator that only produces refused ones, and a fast path that leaves
// everything to the executor.
type tally struct {
	mutex sync.Mutex
	// inPart counts operations with both errors and data.
	operations, refused, failed, inPart, bytes int
	// fields are all selected fields.
	fields map[string]bool
	// all are the watched operations with a root field that returned a value; plain are those without errors and without
	// nested fields that a directive guards.
	all, plain watched
}

// watched counts operations, and those that the fast path rendered completely.
type watched struct{ operations, answered int }

func (w *watched) add(rendered rootFields) {
	w.operations++
	if rendered.rendered == rendered.returned {
		w.answered++
	}
}

// isBelow reports whether the fast path rendered less than a percentage.
func (w *watched) isBelow(percent int) bool { return w.answered*100 < w.operations*percent }

func (c *tally) add(r request, answered reply) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.operations++
	c.bytes += len(answered.body)
	for field := range r.selected {
		c.fields[field] = true
	}
	switch {
	case answered.data == "":
		c.refused++
	case len(answered.errors) > 0:
		c.failed++
		if answered.data != "null" {
			c.inPart++
		}
	}
}

func (c *tally) watch(r request, answered reply, fields rootFields) {
	if fields.returned == 0 {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.all.add(fields)
	if len(answered.errors) == 0 && !r.isGuarded() {
		c.plain.add(fields)
	}
}

// isGuarded reports whether the operation selects a field that a directive guards, below the root: the fast path leaves
// such a root field to the executor.
func (o randomOperation) isGuarded() bool {
	for name := range o.selected {
		typeName, fieldName, _ := strings.Cut(name, ".")
		field := servedTypes.Types[typeName].Fields.ForName(fieldName)
		if typeName != "Query" && field != nil && field.Directives.ForName("hasRole") != nil {
			return true
		}
	}
	return false
}

func (c *tally) String() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return fmt.Sprintf("%d operations, %d bytes: %d refused, %d with errors, %d of these with data; "+
		"the fast path answered %d of %d that were watched, %d of %d without errors and guarded fields", c.operations, c.bytes,
		c.refused, c.failed, c.inPart, c.all.answered, c.all.operations, c.plain.answered, c.plain.operations)
}

// check fails if the operations are not as varied as intended.
func (c *tally) check(t *testing.T) {
	t.Helper()
	if c.refused*100 > c.operations*2 || c.failed*100 > c.operations*50 || c.inPart*100 < c.operations*10 {
		t.Error("too many operations are refused or fail, or too few have partial data")
	}
	if c.all.isBelow(60) || c.plain.isBelow(97) {
		t.Error("the fast path leaves too much to the executor")
	}
	for _, definition := range servedTypes.Types {
		if definition.Kind != ast.Object || !isRead(definition) {
			continue
		}
		for _, field := range definition.Fields {
			if name := definition.Name + "." + field.Name; !c.fields[name] {
				t.Errorf("no operation selected %s", name)
			}
		}
	}
}

// isRead reports whether queries can return a type, unlike types of mutations and subscriptions only, and of
// introspection.
func isRead(definition *ast.Definition) bool {
	switch definition.Name {
	case "Mutation", "Subscription", "Tokens", "TwoFactorChallenge", "DeliveryFailure", "TicketMessageAdded":
		return false
	}
	return !strings.HasSuffix(definition.Name, "Payload") && !strings.HasSuffix(definition.Name, "Change") && !strings.HasPrefix(definition.Name, "__")
}
