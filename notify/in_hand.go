package notify

import (
	"maps"
	"slices"
	"sync"

	"crm/db/store"
)

// inHand is a set of deliveries. Its zero value is empty.
type inHand struct {
	mutex sync.Mutex
	ids   map[store.ID]struct{}
}

func (h *inHand) add(id store.ID) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.ids == nil {
		h.ids = make(map[store.ID]struct{})
	}
	h.ids[id] = struct{}{}
}

func (h *inHand) remove(id store.ID) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.ids, id)
}

func (h *inHand) list() []store.ID {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Collect(maps.Keys(h.ids))
}
