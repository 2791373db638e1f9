package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crm/db/store"
)

// The documents of these tests: tasks belong to a project, may have an owner, and are found by both.

type task struct {
	ID, Project store.ID
	Owner       *store.ID
	Title       string
	Rank        int
	Done        bool
}

func (d *task) Pointers(into []any) []any {
	return append(into, &d.ID, &d.Project, &d.Owner, &d.Title, &d.Rank, &d.Done)
}

var tasks = &store.Collection{
	Name: "tasks",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "project_id", Type: store.TypeID},
		{Name: "owner_id", Type: store.TypeID, Nullable: true},
		{Name: "title", Type: store.TypeString},
		{Name: "rank", Type: store.TypeInt},
		{Name: "done", Type: store.TypeBool},
	},
	Indexes: []store.Index{{Name: "tasks_project_rank", Keys: []store.Key{{Field: "project_id"}, {Field: "rank"}, {Field: "_id"}}}},
}

type project struct {
	ID    store.ID
	Owner *store.ID
	Name  string
}

func (d *project) Pointers(into []any) []any { return append(into, &d.ID, &d.Owner, &d.Name) }

var projects = &store.Collection{Name: "projects", Fields: []store.Field{
	{Name: "_id", Type: store.TypeID},
	{Name: "owner_id", Type: store.TypeID, Nullable: true},
	{Name: "name", Type: store.TypeString},
}}

// The ids that these tests use.
const (
	taskCount    = 24
	projectCount = 4
	ownerCount   = 3
)

// idOf returns the n-th id of a kind.
func idOf(kind byte, n int) store.ID { return store.ID{kind, 11: byte(n)} }

func taskID(n int) store.ID    { return idOf('t', n%taskCount) }
func projectID(n int) store.ID { return idOf('p', n%projectCount) }
func ownerID(n int) store.ID   { return idOf('o', n%ownerCount) }

// ask asks one of the questions, about one of the ids that n selects, and returns the answer as a text.
func ask(ctx context.Context, s store.Store, question, n int) (string, error) {
	if r, ok := s.(*remembering); ok {
		return r.ask(ctx, question, n)
	}
	return questions[question%len(questions)](ctx, s, n)
}

var (
	byRank = []store.Sort{{Field: "rank"}, {Field: "_id"}}
	titles = tasks.Select("title", "project_id")
)

// questions are all kinds of reads, in particular of what belongs to an id.
var questions = []func(ctx context.Context, s store.Store, n int) (string, error){
	func(ctx context.Context, s store.Store, n int) (string, error) {
		return findTasks(ctx, s, store.Query{Where: store.Eq("_id", taskID(n)), Limit: 1, Fields: titles})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		ids := []store.ID{taskID(n), taskID(n + 1), taskID(n + 5)}
		return findTasks(ctx, s, store.Query{Where: store.And(store.In("_id", ids), store.Eq("owner_id", ownerID(n)))})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		return childTasks(ctx, s, "project_id", []store.ID{projectID(n), projectID(n + 1), projectID(n + 2)}, store.Query{Sort: byRank, Limit: 3})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		return childTasks(ctx, s, "project_id", []store.ID{projectID(n)}, store.Query{Sort: byRank, Limit: 3})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		ids := []store.ID{taskID(n), taskID(n + 1), taskID(n + 2), taskID(n + 3)}
		return childTasks(ctx, s, "_id", ids, store.Query{Where: store.Eq("done", false), Fields: titles})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		return findTasks(ctx, s, store.Query{Where: store.Eq("done", n%2 == 0), Sort: byRank, Limit: 5})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		mine := store.Or(store.Eq("owner_id", ownerID(n)), store.In("project_id", []store.ID{projectID(n), projectID(n + 2)}))
		return findTasks(ctx, s, store.Query{Where: mine, Sort: byRank, Fields: titles})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		mine := store.InQuery("project_id", projects, "_id", store.Eq("owner_id", ownerID(n)))
		return findTasks(ctx, s, store.Query{Where: store.And(mine, store.Eq("owner_id", ownerID(n))), Sort: byRank})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		other := store.Not(store.InQuery("project_id", projects, "_id", store.Compare(store.OpGte, "name", "n"+fmt.Sprint(n%3))))
		return childTasks(ctx, s, "project_id", []store.ID{projectID(n), projectID(n + 3)}, store.Query{Where: other, Sort: byRank})
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		return answerTo(s.Count(ctx, tasks, store.Eq("project_id", projectID(n))))
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		return answerTo(s.Count(ctx, tasks, store.Compare(store.OpGt, "rank", n%8)))
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		counts, err := s.CountBy(ctx, tasks, "owner_id", []store.ID{ownerID(n), ownerID(n + 1)}, store.Eq("done", true))
		return fmt.Sprint(counts[ownerID(n)], counts[ownerID(n+1)]), err
	},
	func(ctx context.Context, s store.Store, n int) (string, error) {
		var found []*project
		q := store.Query{Where: store.Eq("owner_id", ownerID(n)), Sort: []store.Sort{{Field: "_id"}}}
		err := s.Find(ctx, projects, q, func() store.Document {
			found = append(found, new(project))
			return found[len(found)-1]
		})
		return describe(found, q), err
	},
}

func answerTo(n int, err error) (string, error) { return fmt.Sprint(n), err }

func findTasks(ctx context.Context, s store.Store, q store.Query) (string, error) {
	var found []*task
	err := s.Find(ctx, tasks, q, func() store.Document {
		found = append(found, new(task))
		return found[len(found)-1]
	})
	return describe(found, q), err
}

func childTasks(ctx context.Context, s store.Store, parent string, parents []store.ID, q store.Query) (string, error) {
	found := make(map[store.ID][]*task)
	err := s.FindChildren(ctx, tasks, parent, parents, q, func(id store.ID) store.Document {
		found[id] = append(found[id], new(task))
		return found[id][len(found[id])-1]
	})
	texts := make([]string, len(parents))
	for i, id := range parents {
		texts[i] = describe(found[id], q)
	}
	return strings.Join(texts, "; "), err
}

// describe writes documents with the fields that were read, in their order if they have one.
func describe[D store.Document](found []D, q store.Query) string {
	texts := make([]string, len(found))
	for i, doc := range found {
		for field, pointer := range doc.Pointers(nil) {
			if q.Fields.Has(field) {
				texts[i] += fmt.Sprint(" ", store.ValueAt(pointer))
			}
		}
	}
	if len(q.Sort) == 0 {
		slices.Sort(texts)
	}
	return strings.Join(texts, ",")
}

// change makes one of the changes, to a document that n selects, with an event. It may find nothing to change.
func change(ctx context.Context, s store.Store, kind, n, value int, event ...*store.Event) error {
	return changes[kind%len(changes)](ctx, s, n, value, event...)
}

var changes = []func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error{
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		doc := &task{ID: taskID(n), Project: projectID(value), Title: fmt.Sprint("t", value), Rank: value % 10, Done: value%2 == 0}
		if value%3 > 0 {
			doc.Owner = new(ownerID(value))
		}
		return s.Insert(ctx, tasks, doc, event...)
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		return updateTask(ctx, s, n, event, store.Assignment{Field: "title", Value: fmt.Sprint("t", value)})
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		return updateTask(ctx, s, n, event, store.Assignment{Field: "rank", Value: value % 10},
			store.Assignment{Field: "done", Value: value%2 == 0})
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		return updateTask(ctx, s, n, event, store.Assignment{Field: "project_id", Value: projectID(value)})
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		owner := store.Assignment{Field: "owner_id"}
		if value%4 > 0 {
			owner.Value = ownerID(value)
		}
		return updateTask(ctx, s, n, event, owner)
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		return s.Delete(ctx, tasks, taskID(n), store.Compare(store.OpLt, "rank", value%12), event...)
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		return s.Insert(ctx, projects, &project{ID: projectID(n), Name: fmt.Sprint("n", value%3), Owner: new(ownerID(value))}, event...)
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		set := []store.Assignment{{Field: "owner_id", Value: ownerID(value)}, {Field: "name", Value: fmt.Sprint("n", value%3)}}
		return s.Update(ctx, projects, projectID(n), store.Filter{}, set, event...)
	},
	func(ctx context.Context, s store.Store, n, value int, event ...*store.Event) error {
		return s.Delete(ctx, projects, projectID(n), store.Filter{}, event...)
	},
}

func updateTask(ctx context.Context, s store.Store, n int, event []*store.Event, set ...store.Assignment) error {
	return s.Update(ctx, tasks, taskID(n), store.Filter{}, set, event...)
}
