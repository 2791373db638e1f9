package resolvers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"crm/db"
	"crm/db/entity"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
	"crm/graph"
)

// findCommands records the find commands to MongoDB.
type findCommands struct {
	mutex sync.Mutex
	sent  []found
}

type found struct {
	collection   string
	filter, sort bson.D
}

func (f *findCommands) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, started *event.CommandStartedEvent) {
		var command struct {
			Find   string
			Filter bson.D
			Sort   bson.D
		}
		if started.CommandName != "find" || bson.Unmarshal(started.Command, &command) != nil {
			return
		}
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.sent = append(f.sent, found{command.Find, command.Filter, command.Sort})
	}}
}

func (f *findCommands) take() []found {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	sent := f.sent
	f.sent = nil
	return sent
}

// mongoIndex is an index in MongoDB.
type mongoIndex struct {
	Key    bson.D
	Sparse bool
}

// TestMongoIndexes sends every filter and every order to MongoDB, and checks its find commands against its indexes: for each
// searched field there must be an index that begins with it, and one must provide the order. MongoDB determines by trial
// which one it uses.
func TestMongoIndexes(t *testing.T) {
	t.Parallel()
	sent, database := new(findCommands), mongotest.Database(t)
	s := serve(t, mongotest.OpenOn(t, database, db.Collections(), mongo.WithMonitor(sent.monitor())), db.Options{})
	admin := s.signUpUser("Rohan")
	s.fill(1)
	indexes := map[string][]mongoIndex{}
	for _, list := range []string{"users", "customers", "interactions", "tickets"} {
		cursor, err := database.Collection(list).Indexes().List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var existing []mongoIndex
		if err := cursor.All(t.Context(), &existing); err != nil {
			t.Fatal(err)
		}
		indexes[list] = existing
	}
	for _, query := range everyFilterAndOrder() {
		sent.take()
		s.must(admin.token, query, nil)
		for _, find := range sent.take() {
			existing, isList := indexes[find.collection]
			if !isList || len(find.sort) == 0 {
				continue
			}
			if !slices.ContainsFunc(existing, func(i mongoIndex) bool { return !i.Sparse && givesOrder(i.Key, find.sort) }) {
				t.Errorf("%s\nno index gives the order %v", query, find.sort)
			}
			for _, field := range searched(find.filter) {
				if !slices.ContainsFunc(existing, func(i mongoIndex) bool { return i.Key[0].Key == field }) {
					t.Errorf("%s\nno index begins with %s: %v", query, field, find.filter)
				}
			}
		}
	}
}

// givesOrder reports whether an index begins with the order, in the same or the opposite direction.
func givesOrder(index, order bson.D) bool {
	for i, key := range order {
		if i >= len(index) || index[i].Key != key.Key {
			return false
		}
		if (fmt.Sprint(index[i].Value) == fmt.Sprint(key.Value)) != (fmt.Sprint(index[0].Value) == fmt.Sprint(order[0].Value)) {
			return false
		}
	}
	return true
}

// searched returns the fields that a filter searches, without those of a negation, which most documents match. A substring
// search uses only the trigrams.
func searched(filter bson.D) []string {
	var fields []string
	for _, e := range filter {
		switch value := e.Value.(type) {
		case bson.A:
			for _, part := range value {
				if inner, ok := part.(bson.D); ok && e.Key != "$nor" {
					fields = append(fields, searched(inner)...)
				}
			}
			continue
		case bson.D:
			if len(value) == 1 && slices.Contains([]string{"$ne", "$nin"}, value[0].Key) {
				continue
			}
		case bson.Regex:
			if !strings.HasPrefix(value.Pattern, "^") && slices.ContainsFunc(filter, func(other bson.E) bool { return other.Key == e.Key+"_trigrams" }) {
				continue
			}
		}
		if e.Key != "deleted_at" {
			fields = append(fields, e.Key)
		}
	}
	return fields
}

// everyFilterAndOrder returns a query for every operator of every field of every list, and for every order.
func everyFilterAndOrder() []string {
	var queries []string
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	for list, kind := range map[string]string{"users": "User", "customers": "Customer", "interactions": "Interaction", "tickets": "Ticket"} {
		for _, field := range schema.Types[kind+"OrderField"].EnumValues {
			for _, direction := range []string{"ASC", "DESC"} {
				queries = append(queries, fmt.Sprintf("{ %s(orderBy: {field: %s, direction: %s}) { nodes { id } } }", list, field.Name, direction))
			}
		}
		for _, field := range schema.Types[kind+"Where"].Fields {
			filter := schema.Types[field.Type.Name()]
			if filter.Kind != ast.InputObject {
				queries = append(queries, fmt.Sprintf("{ %s(where: {%s: true}) { nodes { id } } }", list, field.Name))
				continue
			}
			for _, operator := range filter.Fields {
				if !strings.HasSuffix(filter.Name, "Where") {
					queries = append(queries, fmt.Sprintf("{ %s(where: {%s: {%s: %s}}) { nodes { id } } }", list, field.Name, operator.Name,
						operandOf(schema.Types[operator.Type.Name()], kind, field.Name)))
				}
			}
		}
	}
	return append(queries, `{ tickets(orderBy: [{field: PRIORITY, direction: DESC}, {field: CREATED_AT}]) { nodes { id } } }`)
}

// operandOf returns a value for an operator; it also counts as a list of one.
func operandOf(definition *ast.Definition, kind, field string) string {
	kinds := map[string]entity.Kind{
		"Userid": db.KindUser, "Customerid": db.KindCustomer, "Interactionid": db.KindInteraction, "Ticketid": db.KindTicket,
		"InteractionuserId": db.KindUser, "InteractioncustomerId": db.KindCustomer, "TicketcustomerId": db.KindCustomer,
		"TicketinteractionId": db.KindInteraction, "TicketassigneeId": db.KindUser,
	}
	switch {
	case definition.Kind == ast.InputObject:
		return "{}"
	case definition.Kind == ast.Enum:
		return definition.EnumValues[0].Name
	case definition.Name == "Boolean":
		return "true"
	case definition.Name == "Int":
		return "7"
	case definition.Name == "DateTime":
		return `"2020-01-01T00:00:00Z"`
	case definition.Name == "ID":
		return `"` + kinds[kind+field].GlobalID(store.NewID()) + `"`
	}
	return `"ann"`
}
