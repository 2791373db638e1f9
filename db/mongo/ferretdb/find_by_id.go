package main

import (
	"github.com/FerretDB/wire"
	"github.com/FerretDB/wire/wirebson"
)

// findByID returns a command that finds the same document without reading the whole collection, or the message itself.
//
// FerretDB looks a document up by its id only if the filter, or an aggregation's first stage, has nothing but the id. So a find by an
// id and other conditions becomes an aggregation: first the id, then the conditions, then the projection.
func findByID(message *wire.OpMsg, command *wirebson.Document) *wire.OpMsg {
	pipeline := stages(command)
	if pipeline == nil {
		return message
	}
	aggregate := wirebson.MustDocument(
		"aggregate", command.Get("find"), "pipeline", pipeline, "cursor", wirebson.MustDocument(), "$db", command.Get("$db"))
	for _, name := range []string{"maxTimeMS", "lsid"} {
		if value := command.Get(name); value != nil {
			_ = aggregate.Add(name, value) // fails only for a name that it has
		}
	}
	rewritten, err := wire.NewOpMsg(aggregate)
	if err != nil {
		return message
	}
	return rewritten
}

// stages returns the stages of an aggregation that answers as a find by an id and other conditions does, or nil if it isn't one.
func stages(find *wirebson.Document) *wirebson.Array {
	raw, ok := find.Get("filter").(wirebson.RawDocument)
	if !ok {
		return nil
	}
	conditions, err := raw.Decode()
	if err != nil || conditions.Len() < 2 {
		return nil
	}
	id, ok := conditions.Get("_id").(wirebson.ObjectID)
	if !ok || find.Get("skip") != nil {
		return nil
	}
	conditions.Remove("_id")
	pipeline := wirebson.MustArray(
		wirebson.MustDocument("$match", wirebson.MustDocument("_id", id)), wirebson.MustDocument("$match", conditions))
	if projection := find.Get("projection"); projection != nil {
		_ = pipeline.Add(wirebson.MustDocument("$project", projection)) // fails only for a type that BSON lacks
	}
	return pipeline
}
