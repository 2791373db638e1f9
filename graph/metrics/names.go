package metrics

import (
	"regexp"
	"sync"

	"crm/graph"
)

// The bounds of the names of operations, which clients choose freely. Names of people who aren't logged in have only a part of
// them, so that a stranger can't keep the names of a front end from being shown. A name that is longer than maxNameLength, or
// has what may be an id in it, was probably not chosen by a person.
const (
	maxNames         = 100
	maxStrangerNames = 20
	maxNameLength    = 80
)

// mayBeID finds what may be an id: of this server, or a UUID, whose hyphens can only be underscores in a name.
var mayBeID = regexp.MustCompile(`[0-9a-fA-F_]{20,}|[0-9]{8,}`)

// The labels of operations without a name, and of those whose name is beyond the bounds.
const (
	unnamed = "unnamed"
	other   = "other"
)

// names are the names of operations that are labels: the first ones that are sent.
type names struct {
	mutex     sync.RWMutex
	known     map[string]struct{}
	strangers int
}

func newNames() *names { return &names{known: map[string]struct{}{}} }

// label returns the label for the name of an operation.
func (n *names) label(o graph.Operation) string {
	if o.Name == "" {
		return unnamed
	}
	n.mutex.RLock()
	_, known := n.known[o.Name]
	full := len(n.known) >= maxNames
	n.mutex.RUnlock()
	if known || !full && n.add(o) {
		return o.Name
	}
	return other
}

// add makes a name a label if there is room.
func (n *names) add(o graph.Operation) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if _, known := n.known[o.Name]; known {
		return true
	}
	if len(n.known) >= maxNames || len(o.Name) > maxNameLength || mayBeID.MatchString(o.Name) || o.Anonymous && n.strangers >= maxStrangerNames {
		return false
	}
	if o.Anonymous {
		n.strangers++
	}
	n.known[o.Name] = struct{}{}
	return true
}
