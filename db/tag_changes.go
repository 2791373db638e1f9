package db

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// The maximum length of a tag's name in characters, and the maximum number of tags of a ticket or a customer.
const (
	maxTagName = 50
	maxTags    = 50
)

// NewTag is the data of a tag to create.
type NewTag struct{ Name, Color string }

// TagChanges are changes to a tag; nil leaves a field unchanged.
type TagChanges struct{ Name, Color *string }

// CreateTag creates a tag; only staff may.
func (d *DB) CreateTag(ctx context.Context, scope auth.Scope, in NewTag) (*Tag, error) {
	if !scope.IsStaff() {
		return nil, store.Errorf(store.Forbidden, "only staff may create tags")
	}
	var problems Problems
	now := d.now()
	tag := &Tag{
		ID: store.NewID(), Name: problems.tagName(in.Name), Color: problems.color(in.Color), CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	if err := d.tags.Create(ctx, scope, tag); err != nil {
		return nil, err
	}
	return tag, nil
}

// UpdateTag changes a tag; only admins may, because all who use it see that.
func (d *DB) UpdateTag(ctx context.Context, scope auth.Scope, id store.ID, expected *int, changes TagChanges) (*Tag, error) {
	return d.tags.Update(ctx, scope, id, expected, func(next *Tag) (string, error) {
		if err := permitTag(scope); err != nil {
			return "", err
		}
		var problems Problems
		if changes.Name != nil {
			next.Name = problems.tagName(*changes.Name)
		}
		if changes.Color != nil {
			next.Color = problems.color(*changes.Color)
		}
		return entity.Updated, problems.inInput()
	})
}

// DeleteTag deletes a tag, and so takes it off all that has it; only admins may.
func (d *DB) DeleteTag(ctx context.Context, scope auth.Scope, id store.ID, expected *int) error {
	tag, err := d.Tags.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := permitTag(scope); err != nil {
		return err
	}
	if err := d.tags.ExpectVersion(tag, expected); err != nil {
		return err
	}
	_, err = d.tags.Delete(ctx, scope, tag, true, nil)
	return err
}

func permitTag(scope auth.Scope) error {
	if scope.SeesAll() {
		return nil
	}
	return store.Errorf(store.Forbidden, "only admins may change a tag")
}

// TagChange says which tags to put on, or take off, a ticket or a customer. All ids are global.
type TagChange struct {
	Of   string
	Tags []string
}

// AddTags puts tags on a ticket or a customer that the scope sees, and returns that. Only staff may.
func (d *DB) AddTags(ctx context.Context, scope auth.Scope, change TagChange) (Tagged, error) {
	return d.changeTags(ctx, scope, change, func(kind entity.Kind, owner store.ID, tags []store.ID) error {
		existing, err := d.Tags.ByID(ctx, scope, tags)
		if err != nil {
			return err
		}
		for i, tag := range tags {
			if existing[tag] == nil {
				return atField(fmt.Sprintf("input.tagIds.%d", i), d.Tags.NotFound())
			}
		}
		has, err := d.store.Count(ctx, Taggings.Collection, store.And(store.Eq(taggedField(kind), owner), store.NotIn("tag_id", tags)))
		if err != nil {
			return err
		}
		if has+len(tags) > maxTags {
			return store.FieldError(store.BadInput, "input.tagIds", "would make it more than %d tags", maxTags)
		}
		now := d.now()
		return store.Batch(ctx, d.store, func(w store.Writer) error {
			for _, tag := range tags {
				err := w.Insert(ctx, Taggings.Collection, newTagging(tag, kind, owner, now))
				if err != nil && store.CodeOf(err) != store.Conflict { // it has the tag already
					return fmt.Errorf("cannot add tag: %w", err)
				}
			}
			return nil
		})
	})
}

// RemoveTags takes tags off a ticket or a customer that the scope sees, and returns that. Only staff may.
func (d *DB) RemoveTags(ctx context.Context, scope auth.Scope, change TagChange) (Tagged, error) {
	return d.changeTags(ctx, scope, change, func(kind entity.Kind, owner store.ID, tags []store.ID) error {
		return store.Batch(ctx, d.store, func(w store.Writer) error {
			for _, tag := range tags {
				err := w.Delete(ctx, Taggings.Collection, taggingID(owner, tag), store.Filter{})
				if err != nil && store.CodeOf(err) != store.NotFound { // it doesn't have the tag
					return fmt.Errorf("cannot remove tag: %w", err)
				}
			}
			return nil
		})
	})
}

// changeTags reads the ids of a change and what it is about, and calls do.
func (d *DB) changeTags(
	ctx context.Context, scope auth.Scope, change TagChange, do func(kind entity.Kind, owner store.ID, tags []store.ID) error,
) (Tagged, error) {
	if !scope.IsStaff() {
		return nil, store.Errorf(store.Forbidden, "only staff may tag tickets and customers")
	}
	var problems Problems
	if n := len(change.Tags); n == 0 || n > maxTags {
		problems.Add("tagIds", "must be 1 to %d tags, not %d", maxTags, n)
	}
	var tags []store.ID
	for i, text := range change.Tags {
		if id := problems.ID(fmt.Sprintf("tagIds.%d", i), KindTag, text); !slices.Contains(tags, id) {
			tags = append(tags, id)
		}
	}
	kind, owner, err := ParseGlobalID(change.Of)
	if err != nil || kind != KindTicket && kind != KindCustomer {
		problems.Add("id", "is not the id of a ticket or a customer")
	}
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	if kind == KindTicket {
		return d.changeTicketTags(ctx, scope, owner, func(ticket store.ID) error { return do(kind, ticket, tags) })
	}
	customer, err := d.Customers.Get(ctx, scope, owner)
	if err != nil {
		return nil, atField("input.id", err)
	}
	if err := do(kind, owner, tags); err != nil {
		return nil, err
	}
	return customer, nil
}

// changeTicketTags calls do with a ticket, or the one that it was merged into, and again if it is merged meanwhile, too late for moveTags
// to find what do has written.
func (d *DB) changeTicketTags(ctx context.Context, scope auth.Scope, id store.ID, do func(ticket store.ID) error) (Tagged, error) {
	ticket, err := d.CurrentTicket(ctx, d.Tickets, scope, id)
	if err != nil {
		return nil, atField("input.id", err)
	}
	for {
		if err := do(ticket.ID); err != nil {
			return nil, err
		}
		// The tags move even if the client has disconnected, or doesn't see the ticket that this one was merged into.
		current, err := d.CurrentTicket(context.WithoutCancel(ctx), d.Tickets, auth.SystemScope(), ticket.ID)
		if err != nil {
			return nil, atField("input.id", err)
		}
		if current.ID == ticket.ID {
			return d.Tickets.Get(ctx, scope, ticket.ID)
		}
		if err := d.moveTags(context.WithoutCancel(ctx), ticket.ID, current.ID); err != nil {
			return nil, err
		}
		if ticket, err = d.Tickets.Get(ctx, scope, current.ID); err != nil {
			return nil, atField("input.id", err)
		}
	}
}

// moveTags puts the tags of a merged ticket on the one that it was merged into, which may have more than maxTags then.
func (d *DB) moveTags(ctx context.Context, from, into store.ID) error {
	var taggings []*Tagging
	err := d.store.Find(ctx, Taggings.Collection, store.Query{Where: store.Eq("ticket_id", from)}, func() store.Document {
		taggings = append(taggings, new(Tagging))
		return taggings[len(taggings)-1]
	})
	if err != nil {
		return fmt.Errorf("cannot find tags of a merged ticket: %w", err)
	}
	return store.Batch(ctx, d.store, func(w store.Writer) error {
		for _, tagging := range taggings {
			err := w.Insert(ctx, Taggings.Collection, newTagging(tagging.TagID, KindTicket, into, tagging.CreatedAt))
			if err != nil && store.CodeOf(err) != store.Conflict { // it has the tag already
				return fmt.Errorf("cannot move tag: %w", err)
			}
			err = w.Delete(ctx, Taggings.Collection, tagging.ID, store.Filter{})
			if err != nil && store.CodeOf(err) != store.NotFound { // another process has moved it
				return fmt.Errorf("cannot move tag: %w", err)
			}
		}
		return nil
	})
}

// tagName validates the name of a tag.
func (p *Problems) tagName(name string) string {
	name = p.line("name", name)
	if len(p.Problems) == 0 {
		p.length("name", name, maxTagName)
	}
	return name
}

var colorForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// color validates a color.
func (p *Problems) color(color string) string {
	color = strings.ToLower(color)
	if !colorForm.MatchString(color) {
		p.Add("color", "must be # and six hexadecimal digits, such as #c2410c")
	}
	return color
}
