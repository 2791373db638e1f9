package mongo

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// adaption is what has to be added to a document that another program wrote.
type adaption struct {
	// added are fields that the document lacks, and derived fields that are out of date.
	added bson.D
	// copy is the typed copy; nil if the stored values will do.
	copy bson.D
	// unknown describes the values that mean nothing.
	unknown []string
}

// adaptionOf returns what a whole document needs. The error says why it can't be read.
func (l *layout) adaptionOf(raw bson.Raw, derive store.Derive) (adaption, error) {
	var a adaption
	if err := l.complete(raw); err != nil {
		return adaption{}, err
	}
	isTyped := true
	for _, f := range l.Fields {
		if l.isDerived(f.Name) {
			continue
		}
		stored := raw.Lookup(f.Name)
		m, err := l.meaningOf(raw, f, stored)
		if err != nil {
			return adaption{}, fmt.Errorf("field %s: %w", f.Name, err)
		}
		value, err := encoded(f, m.value)
		if err != nil {
			return adaption{}, err
		}
		if value != nil {
			a.copy = append(a.copy, bson.E{Key: f.Name, Value: value})
		}
		switch {
		case stored.IsZero() && needsValue(f) && value != nil:
			a.added = append(a.added, bson.E{Key: f.Name, Value: value})
		case !stored.IsZero():
			isTyped = isTyped && m.typed
		}
		if m.unknown {
			a.unknown = append(a.unknown, describe(f, stored, m.value))
		}
	}
	a.addDerived(l, raw, derive)
	if isTyped {
		a.copy = nil
	}
	return a, nil
}

// addDerived adds the derived fields. Without derive, those that depend on settings stay as they are.
func (a *adaption) addDerived(l *layout, raw bson.Raw, derive store.Derive) {
	for _, d := range l.Derived {
		stored, isText := raw.Lookup(d.Field).StringValueOK()
		if d.Of == nil && derive == nil {
			if isText {
				a.copy = append(a.copy, bson.E{Key: d.Field, Value: stored})
			}
			continue
		}
		value := l.derive(raw, d, stored, derive)
		if value != nil {
			a.copy = append(a.copy, bson.E{Key: d.Field, Value: value})
		}
		if (isText && value != stored) || (!isText && value != nil) {
			a.added = append(a.added, bson.E{Key: d.Field, Value: value})
		}
	}
}

func (l *layout) isDerived(field string) bool {
	for _, d := range l.Derived {
		if d.Field == field {
			return true
		}
	}
	return false
}

// maxValueText is how much of a value a finding contains.
const maxValueText = 40

func describe(f store.Field, stored bson.RawValue, value any) string {
	text := stored.String()
	if len(text) > maxValueText {
		text = strings.ToValidUTF8(text[:maxValueText], "") + "…"
	}
	if f.Type == store.TypeID {
		return fmt.Sprintf("its %s, %s, refers to nothing", f.Name, text)
	}
	return fmt.Sprintf("its %s, %s, counts as %v", f.Name, text, value)
}

// complete returns an error if the document lacks what makes it one.
func (l *layout) complete(raw bson.Raw) error {
	if id := raw.Lookup(idField); id.Type != bson.TypeObjectID {
		return fmt.Errorf("field %s: %w", idField, wrongType(id, "objectID"))
	}
	for _, group := range l.Required {
		if !hasAny(raw, group) {
			return fmt.Errorf("it has no %s", strings.Join(group, " and no "))
		}
	}
	return nil
}

func hasAny(raw bson.Raw, fields []string) bool {
	for _, field := range fields {
		value := raw.Lookup(field)
		if text, isText := value.StringValueOK(); !isNull(value) && (!isText || strings.TrimSpace(text) != "") {
			return true
		}
	}
	return false
}

// changeOf returns the update that adds what a document needs, nil if nothing is missing.
func (l *layout) changeOf(raw bson.Raw, a adaption, problem error) (*change, error) {
	var update change
	copied := a.copy
	if problem != nil {
		copied = bson.D{{Key: problemField, Value: problem.Error()}}
	}
	for _, e := range a.added {
		update.assignTo(e.Key, e.Value)
		update.set = l.withTrigrams(update.set, e.Key, e.Value)
	}
	current, _ := raw.Lookup(typedField).DocumentOK()
	if copied == nil {
		if current != nil {
			update.assignTo(typedField, nil)
		}
	} else {
		wanted, err := bson.Marshal(copied)
		if err != nil {
			return nil, fmt.Errorf("cannot encode typed copy: %w", err)
		}
		if !sameFields(wanted, current) {
			update.assignTo(typedField, copied)
		}
	}
	if len(update.document()) == 0 {
		return nil, nil //nolint:nilnil // nothing to change
	}
	return &update, nil
}

// sameFields reports whether documents have the same fields, in any order.
func sameFields(a, b bson.Raw) bool {
	elements, err := a.Elements()
	others, otherErr := b.Elements()
	if err != nil || otherErr != nil || len(elements) != len(others) {
		return false
	}
	for _, element := range elements {
		if !element.Value().Equal(b.Lookup(element.Key())) {
			return false
		}
	}
	return true
}
