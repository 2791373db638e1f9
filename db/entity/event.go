package entity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"crm/auth"
	"crm/db/store"
)

// Envelope is an event's data. It lets followers of the log handle events without knowing the entity.
type Envelope struct {
	// State has the document's fields after the change, or before a deletion, by their stored names. It lacks secret
	// and personal fields, because the log is kept for longer than an account.
	State map[string]json.RawMessage `json:"state"`
	// Changes are the fields whose values changed.
	Changes []FieldChange `json:"changes"`
	// Audience has the keys of those who saw the document before the change and who see it after.
	Audience Audience `json:"audience"`
	// Concerned are the accounts that the document refers to.
	Concerned []Party `json:"concerned"`
	// Trace is the W3C traceparent of the operation that made the change, if that is traced.
	Trace string `json:"trace,omitempty"`
	// APIKey is the id of the API key that the actor used; it is zero if a person acted.
	APIKey store.ID `json:"apiKey,omitzero"`
}

// FieldChange is one field's change. From and To are missing for secret and personal fields; long texts are truncated.
type FieldChange struct {
	Field string          `json:"field"`
	From  json.RawMessage `json:"from,omitempty"`
	To    json.RawMessage `json:"to,omitempty"`
}

// Audience has the keys of those who see a document, before and after a change.
type Audience struct {
	Before []auth.AudienceKey `json:"before"`
	After  []auth.AudienceKey `json:"after"`
}

// maxChangeText is the number of bytes after which a FieldChange truncates a text; the state has all of it.
const maxChangeText = 1_000

// DecodeEnvelope decodes an event's data; ok is false for an event of an older version, which has no envelope.
func DecodeEnvelope(event *store.Event) (envelope Envelope, ok bool, err error) {
	if !strings.HasPrefix(event.Data, `{"state":`) {
		return Envelope{}, false, nil
	}
	if err := json.Unmarshal([]byte(event.Data), &envelope); err != nil {
		return Envelope{}, false, fmt.Errorf("cannot decode event %s: %w", event.ID, err)
	}
	return envelope, true, nil
}

// Changed returns the names of the changed fields.
func (e Envelope) Changed() []string {
	names := make([]string, len(e.Changes))
	for i, change := range e.Changes {
		names[i] = change.Field
	}
	return names
}

// ReadState fills a document's fields with an event's state.
func (d *Definition) ReadState(state map[string]json.RawMessage, doc store.Document) error {
	for i, pointer := range doc.Pointers(nil) {
		raw, ok := state[d.Fields[i].Name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, pointer); err != nil {
			return fmt.Errorf("cannot read %s of an event's state: %w", d.Fields[i].Name, err)
		}
	}
	return nil
}

// newEvent returns the event of a change that the scope's account made. before is nil for a new document, after for a
// deleted one.
// through are the keys of those who see the document through others.
func (d *Database) newEvent(
	ctx context.Context, def *Definition, scope auth.Scope, verb string, before, after store.Document, through []auth.AudienceKey,
) *store.Event {
	w := envelopeWriter{catalog: d.Catalog, def: def, through: through, buf: make([]byte, 0, 1024)}
	if before != nil {
		w.before = before.Pointers(nil)
	}
	if after != nil {
		w.after = after.Pointers(nil)
	}
	w.write()
	if d.Trace != nil {
		w.add("trace", d.Trace(ctx))
	}
	if viewer, _ := auth.ViewerFrom(ctx); viewer.Key && viewer.Scope() == scope {
		w.add("apiKey", store.ID(viewer.Session).String())
	}
	return &store.Event{
		ID: store.NewID(), Type: def.Event(verb), Entity: *w.state()[0].(*store.ID), Actor: scope.Account, ActorRole: string(scope.Role),
		At: d.Now(), Data: string(w.buf), Planned: d.silent,
	}
}

// envelopeWriter appends an envelope's JSON. Every write uses it; encoding/json and maps would take four times as long.
type envelopeWriter struct {
	catalog       *Catalog
	def           *Definition
	before, after []any
	through       []auth.AudienceKey
	buf           []byte
}

func (w *envelopeWriter) state() []any {
	if w.after != nil {
		return w.after
	}
	return w.before
}

func (w *envelopeWriter) write() {
	w.buf = append(w.buf, `{"state":{`...)
	first := true
	for i, pointer := range w.state() {
		if w.def.unlogged[i] {
			continue
		}
		w.separate(&first)
		w.buf = append(append(append(w.buf, '"'), w.def.Fields[i].Name...), `":`...)
		w.buf = appendValue(w.buf, store.ValueAt(pointer), 0)
	}
	w.buf = append(w.buf, `},"changes":[`...)
	if w.before != nil && w.after != nil {
		w.changes()
	}
	w.buf = append(w.buf, `],"audience":{"before":`...)
	w.audience(w.before)
	w.buf = append(w.buf, `,"after":`...)
	w.audience(w.after)
	w.buf = append(w.buf, `},"concerned":[`...)
	w.concerned()
	w.buf = append(w.buf, `]}`...)
}

// add adds a text that needs no escaping, such as a traceparent, to a complete envelope, unless it is empty.
func (w *envelopeWriter) add(name, text string) {
	if text != "" {
		w.buf = append(append(append(w.buf[:len(w.buf)-1], `,"`+name+`":"`...), text...), `"}`...)
	}
}

func (w *envelopeWriter) separate(first *bool) {
	if !*first {
		w.buf = append(w.buf, ',')
	}
	*first = false
}

func (w *envelopeWriter) changes() {
	first := true
	for i, field := range w.def.Fields {
		from, to := store.ValueAt(w.before[i]), store.ValueAt(w.after[i])
		if w.def.derived[i] || store.SameValue(from, to) {
			continue
		}
		w.separate(&first)
		w.buf = append(append(append(w.buf, `{"field":"`...), field.Name...), '"')
		if !w.def.unlogged[i] {
			w.buf = appendValue(append(w.buf, `,"from":`...), from, maxChangeText)
			w.buf = appendValue(append(w.buf, `,"to":`...), to, maxChangeText)
		}
		w.buf = append(w.buf, '}')
	}
}

func (w *envelopeWriter) audience(pointers []any) {
	w.buf = append(w.buf, '[')
	if pointers != nil {
		keys := w.catalog.audience(w.def, pointers)
		for _, key := range w.through {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		for i, key := range keys {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			w.buf = append(append(append(w.buf, '"'), key...), '"')
		}
	}
	w.buf = append(w.buf, ']')
}

func (w *envelopeWriter) concerned() {
	for i, party := range w.def.parties(w.before, w.after) {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(append(append(w.buf, `{"role":"`...), party.Role...), `","account":"`...)
		w.buf = append(append(w.buf, party.Account...), `"}`...)
	}
}

// appendValue appends a field's value as JSON. It truncates a text to limit bytes, unless limit is 0.
func appendValue(buf []byte, value any, limit int) []byte {
	switch v := value.(type) {
	case string:
		if limit > 0 && len(v) > limit {
			for limit > 0 && !utf8.RuneStart(v[limit]) {
				limit--
			}
			v = v[:limit] + "…"
		}
		return appendText(buf, v)
	case store.ID:
		return append(append(append(buf, '"'), v.String()...), '"')
	case time.Time:
		return append(v.UTC().AppendFormat(append(buf, '"'), time.RFC3339Nano), '"')
	case int:
		return strconv.AppendInt(buf, int64(v), 10)
	case bool:
		return strconv.AppendBool(buf, v)
	}
	return append(buf, `null`...)
}

// appendText appends a text as a JSON string. Texts of the old application may be invalid UTF-8; invalid bytes become
// U+FFFD.
func appendText(buf []byte, text string) []byte {
	const digits = "0123456789abcdef"
	buf = append(buf, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			buf = utf8.AppendRune(buf, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
		case c < ' ':
			buf = append(buf, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			buf = append(buf, c)
		}
		i++
	}
	return append(buf, '"')
}
