package resolvers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// tally counts what the operations were like, lest the generator should one day make nothing but refused ones, or the
// fast path leave everything to the executor.
type tally struct {
	mutex sync.Mutex
	// inPart are those with errors that have data, too.
	operations, refused, failed, inPart, bytes int
	// fields are all that were selected.
	fields map[string]bool
	// all are the watched operations with a root field that returned something; plain are those of them that have no
	// errors and no nested field that a directive guards.
	all, plain watched
}

// watched counts operations, and those that the fast path answered wholly.
type watched struct{ operations, answered int }

func (w *watched) add(rendered rootFields) {
	w.operations++
	if rendered.rendered == rendered.returned {
		w.answered++
	}
}

// isBelow reports whether the fast path answered less than a share.
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

// check fails if the operations were not what they are meant to be.
func (c *tally) check(t *testing.T) {
	t.Helper()
	if c.refused*100 > c.operations*2 || c.failed*100 > c.operations*50 || c.inPart*100 < c.operations*10 {
		t.Error("too many operations are refused or fail, or too few are answered in part")
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

// isRead tells the types that queries lead to from those that only mutations and subscriptions answer with, and from the
// schema's own.
func isRead(definition *ast.Definition) bool {
	switch definition.Name {
	case "Mutation", "Subscription", "Tokens", "DeliveryFailure":
		return false
	}
	return !strings.HasSuffix(definition.Name, "Payload") && !strings.HasSuffix(definition.Name, "Change") && !strings.HasPrefix(definition.Name, "__")
}
