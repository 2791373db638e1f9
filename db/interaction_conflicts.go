package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

const (
	// maxConflicts is how many conflicts of one interaction are returned.
	maxConflicts = 20
	// conflictWindow is how long before an interaction a conflicting one may have started. It bounds how much is read.
	conflictWindow = 31 * 24 * time.Hour
)

// period is when an interaction takes place. One without an end takes a moment.
type period struct{ start, end time.Time }

func (i *Interaction) period() period {
	p := period{i.StartTime, i.StartTime.Add(time.Millisecond)}
	if i.EndTime != nil && i.EndTime.After(p.end) {
		p.end = *i.EndTime
	}
	return p
}

func (p period) overlaps(other period) bool {
	return p.start.Before(other.end) && other.start.Before(p.end)
}

// Conflicts returns, for each of these interactions that is planned, the other planned ones at the same time, of the same
// user or with the same customer, by when they start. It takes one call to the store. The reader may read only some fields.
func Conflicts(
	ctx context.Context, r *entity.Reader[Interaction], scope auth.Scope, of []*Interaction,
) (map[store.ID][]*Interaction, error) {
	attended := make(map[participant][]period)
	for _, i := range of {
		for _, p := range i.participants() {
			attended[p] = append(attended[p], i.period())
		}
	}
	conflicts := make(map[store.ID][]*Interaction, len(of))
	if len(attended) == 0 {
		return conflicts, nil
	}
	var where []store.Filter
	for _, p := range slices.SortedFunc(maps.Keys(attended), participant.compare) { // equal queries are answered from memory
		for _, window := range merged(attended[p]) {
			where = append(where, store.And(
				store.Eq(p.field, p.id), store.Compare(store.OpLt, "start_time", window.end),
				store.Compare(store.OpGt, "start_time", window.start.Add(-conflictWindow)),
			))
		}
	}
	found, err := r.Also("user_id", "customer_id", "start_time", "end_time", "status", "internal").List(ctx, scope,
		store.And(store.Eq("status", string(InteractionPlanned)), store.Or(where...)))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b *Interaction) int {
		return cmp.Or(a.StartTime.Compare(b.StartTime), slices.Compare(a.ID[:], b.ID[:]))
	})
	for _, i := range of {
		conflicts[i.ID] = i.conflicting(found)
	}
	return conflicts, nil
}

// conflicting returns those of the interactions that conflict with this one.
func (i *Interaction) conflicting(others []*Interaction) (conflicting []*Interaction) {
	mine := i.participants()
	for _, other := range others {
		shared := slices.ContainsFunc(other.participants(), func(p participant) bool { return slices.Contains(mine, p) })
		if shared && other.ID != i.ID && other.period().overlaps(i.period()) && len(conflicting) < maxConflicts {
			conflicting = append(conflicting, other)
		}
	}
	return conflicting
}

// participant is an account that an interaction takes time of.
type participant struct {
	field string
	id    store.ID
}

func (p participant) compare(other participant) int {
	return cmp.Or(cmp.Compare(p.field, other.field), slices.Compare(p.id[:], other.id[:]))
}

// participants returns the participants of a planned interaction. An internal one takes no time of its customer.
func (i *Interaction) participants() []participant {
	switch {
	case i.Status != InteractionPlanned:
		return nil
	case i.Internal:
		return []participant{{"user_id", i.UserID}}
	}
	return []participant{{"user_id", i.UserID}, {"customer_id", i.CustomerID}}
}

// merged joins periods that overlap within the conflict window, so that nothing is searched twice.
func merged(periods []period) []period {
	slices.SortFunc(periods, func(a, b period) int { return a.start.Compare(b.start) })
	var joined []period
	for _, p := range periods {
		if last := len(joined) - 1; last >= 0 && p.start.Add(-conflictWindow).Before(joined[last].end) {
			joined[last].end = maxTime(joined[last].end, p.end)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
