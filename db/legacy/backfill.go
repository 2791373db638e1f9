// Package legacy adapts the documents of the application that this program replaces, and that may still write to its
// database.
package legacy

import (
	"context"
	"fmt"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// definitions declare the collections that the old application has. Interactions come before tickets, which copy some
// of their fields.
var definitions = []*entity.Definition{db.Users, db.Customers, db.Interactions, db.Tickets}

// maxReports is how many documents the log names.
const maxReports = 20

// Backfill makes the documents of the old application usable: it adds missing fields and keeps keys and typed values
// beside those that the old application stored, which it doesn't change. It may be interrupted and called again. It
// reports in words what it could not do. If s is a Follower, it follows the old application from now on, provided that
// this has ever written to the database.
func Backfill(ctx context.Context, s store.Store, keys *textkey.Keys) (reports []string, err error) {
	follower, isFollower := s.(*Follower)
	if isFollower {
		s = follower.Store
	}
	isOld, err := hasOldData(ctx, s)
	if err != nil {
		return nil, err
	}
	if isFollower {
		follower.follows.Store(isOld)
	}
	findings, err := adapt(ctx, s, keys, definitions, store.Filter{}, isOld)
	left, out := 0, 0
	for _, finding := range findings {
		if finding.Kind == store.SecondDocument && finding.Known {
			continue
		}
		if finding.Kind == store.Unreadable {
			out++
		}
		if len(reports) < maxReports {
			reports = append(reports, Describe(finding))
		} else {
			left++
		}
	}
	if left > 0 {
		reports = append(reports, fmt.Sprintf("%d more documents need attention", left))
	}
	if out > 0 {
		reports = append(reports, fmt.Sprintf("documents of the old application that can't be read are left out: %d; crm check lists them all", out))
	}
	return reports, err
}

// Check is Backfill, but returns all findings.
func Check(ctx context.Context, s store.Store, keys *textkey.Keys) ([]store.Finding, error) {
	return adapt(ctx, s, keys, definitions, store.Filter{}, true)
}

// Describe describes a finding for the person who runs the server.
func Describe(f store.Finding) string {
	name := f.Collection + " " + f.ID
	for _, def := range definitions {
		if def.Name != f.Collection {
			continue
		}
		name = def.Noun + " " + globalID(def, f.ID)
		if f.Other != "" {
			return fmt.Sprintf("%s has the same e-mail address as %s: it can't log in until an admin changes it",
				name, globalID(def, f.Other))
		}
	}
	if f.Kind == store.Unreadable {
		return fmt.Sprintf("%s (%s in the database) is left out: %s", name, f.ID, f.Problem)
	}
	return name + ": " + f.Problem
}

func globalID(def *entity.Definition, text string) string {
	id, err := store.ParseID(text)
	if err != nil {
		return text
	}
	return def.Kind.GlobalID(id)
}

// adapt adapts the documents of these definitions that match. Only if rederives is set does it read all of them, to see whether the
// old application has changed what keys follow from.
func adapt(
	ctx context.Context, s store.Store, keys *textkey.Keys, defs []*entity.Definition, where store.Filter, rederives bool,
) ([]store.Finding, error) {
	adapter, ok := s.(store.Adapter)
	if !ok {
		return nil, nil
	}
	derive := func(d store.Derived, text string) any {
		if key := keys.Of(textkey.Kind(d.Kind), text); key != nil {
			return *key
		}
		return nil
	}
	var findings []store.Finding
	for _, def := range defs {
		found, err := adapter.Adapt(ctx, def.Collection, where, derive)
		if err != nil {
			return findings, err
		}
		findings = append(findings, found...)
		if rederives {
			if found, err = adapter.Rederive(ctx, def.Collection, where, derive); err != nil {
				return findings, err
			}
			findings = append(findings, found...)
		}
		if def == db.Tickets {
			if err := copyOwners(ctx, s, where); err != nil {
				return findings, err
			}
		}
	}
	return findings, nil
}
