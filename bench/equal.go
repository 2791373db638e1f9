package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// content returns the plain content of a response, which is equal for all servers: without GraphQL's envelope and
// connections, with field names instead of aliases, and without volatile fields.
func (s *scenario) content(body []byte) (any, error) {
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("cannot read response %.200q: %w", body, err)
	}
	if envelope, ok := answer.(map[string]any); ok && envelope["data"] != nil {
		answer = only(envelope["data"])
	}
	answer = s.plain(answer)
	if payload, ok := answer.(map[string]any); ok && len(payload) == 1 {
		answer = only(payload) // a payload with one field, such as that of createTicket
	}
	return answer, nil
}

// only returns the value of an object with one field, otherwise the object.
func only(value any) any {
	if object, ok := value.(map[string]any); ok && len(object) == 1 {
		for _, inner := range object {
			return inner
		}
	}
	return value
}

// plain replaces connections in a value by lists. A connection with a total count becomes an object with the count and the
// items.
func (s *scenario) plain(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = s.plain(v[i])
		}
	case map[string]any:
		if items, ok := elements(v); ok {
			if count, counted := v["totalCount"]; counted {
				return map[string]any{"totalCount": count, "items": s.plain(items)}
			}
			return s.plain(items)
		}
		return s.plainObject(v)
	}
	return value
}

// elements returns the elements of a connection; ok is false if the object isn't one.
func elements(object map[string]any) (items []any, ok bool) {
	if nodes, ok := object["nodes"].([]any); ok {
		return nodes, true
	}
	edges, ok := object["edges"].([]any)
	if !ok {
		return nil, false
	}
	items = []any{}
	for _, edge := range edges {
		items = append(items, edge.(map[string]any)["node"])
	}
	return items, true
}

func (s *scenario) plainObject(object map[string]any) any {
	plain := make(map[string]any, len(object))
	for name, value := range object {
		if own, renamed := s.rename[name]; renamed {
			name = own
		}
		plain[name] = s.plain(value)
		if text, ok := value.(string); ok && text != "" && slices.Contains(s.volatile, name) {
			plain[name] = "some " + name
		}
	}
	return plain
}

// difference describes the first difference of two contents, or returns "".
func difference(path string, a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			if found := difference(path+"."+name, x[name], y[name]); found != "" {
				return found
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if found := difference(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); found != "" {
				return found
			}
		}
	}
	return fmt.Sprintf("%s is %.300s, but ours is %.300s", path, encode(a), encode(b))
}
