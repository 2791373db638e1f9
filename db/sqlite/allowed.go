package sqlite

import (
	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// correctValues replaces values that a field may not have: only a hand or another program can have stored them. It skips
// from each value to the next by the field's index, and so reads little of a large table.
func (c *conn) correctValues(t *table) error {
	for i := range t.collection.Fields {
		f := &t.collection.Fields[i]
		if f.Values == nil {
			continue
		}
		value, err := c.nextValue(t, f, nil)
		for ; value != nil && err == nil; value, err = c.nextValue(t, f, value) {
			if !f.Allows(value) {
				if err := c.replaceValue(t, f, value); err != nil {
					return err
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nextValue returns the lowest value of a field after that one, nil if there is none.
func (c *conn) nextValue(t *table, f *store.Field, after any) (next any, err error) {
	c.builder.reset(nil)
	c.builder.write("SELECT min(" + quote(f.Name) + ") FROM " + t.name)
	if after != nil {
		c.builder.write(" WHERE " + quote(f.Name) + " > ")
		c.builder.arg(after)
	}
	err = c.run(func(stmt *sqlite.Stmt) error {
		from := cell{stmt: stmt}
		switch {
		case from.IsNull():
		case f.Type == store.TypeInt:
			next, err = from.Int()
		default:
			next, err = from.Text()
		}
		return err
	})
	return next, err
}

func (c *conn) replaceValue(t *table, f *store.Field, value any) error {
	allowed := f.Default
	if text, ok := value.(string); ok {
		allowed, _ = f.Normal(text)
	}
	c.builder.reset(nil)
	c.builder.write("UPDATE " + t.name + " SET " + quote(f.Name) + " = ")
	c.builder.arg(allowed)
	c.builder.write(" WHERE " + quote(f.Name) + " = ")
	c.builder.arg(value)
	return c.run(func(*sqlite.Stmt) error { return nil })
}
