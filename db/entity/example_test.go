package entity

import (
	"time"

	"crm/db/store"
)

// person and task are example entities, since this package knows no real ones.
type person struct {
	ID        store.ID  `db:"_id"`
	Name      string    `db:"name,personal"`
	Email     string    `db:"email"`
	CreatedAt time.Time `db:"created_at"`

	nameKey  string `db:"name_key" folds:"Name"`
	emailKey string `db:"email_key" folds:"Email,unique"`
}

func (p *person) Pointers(into []any) []any {
	return append(into, &p.ID, &p.Name, &p.Email, &p.CreatedAt, &p.nameKey, &p.emailKey)
}

type task struct {
	ID        store.ID  `db:"_id"`
	Priority  int       `db:"priority,few"`
	CreatedAt time.Time `db:"created_at"`
}

func (t *task) Pointers(into []any) []any { return append(into, &t.ID, &t.Priority, &t.CreatedAt) }

var (
	people = Declare(Declaration[person]{Kind: "per", Name: "people", Noun: "person"})
	others = Declare(Declaration[person]{Kind: "oth", Name: "others", Noun: "other"})
	tasks  = Declare(Declaration[task]{Kind: "tsk", Name: "tasks", Noun: "task"})
)
