package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/FerretDB/wire"
	"github.com/FerretDB/wire/wirebson"
	"github.com/FerretDB/wire/wireclient"
)

// duplicateKey is the error code for a violated unique index.
const duplicateKey = int32(11000)

// index is a unique index.
type index struct {
	name string
	key  *wirebson.Document
}

// write is a write command and the connection that it was sent on.
type write struct {
	upstream *wireclient.Conn
	command  *wirebson.Document
}

// fix returns the answer that MongoDB would give to an update that violates a unique index.
func fix(ctx context.Context, upstream *wireclient.Conn, request, answer *wire.OpMsg) (*wire.OpMsg, error) {
	spec, _ := request.RawSections()
	command, err := spec.DecodeDeep()
	if err != nil {
		return nil, err
	}
	reply, err := answer.RawSection0().DecodeDeep()
	if err != nil {
		return nil, err
	}
	message, _ := reply.Get("errmsg").(string)
	if strings.Contains(message, "UNIQUE constraint failed") {
		return (&write{upstream: upstream, command: command}).fixUpdate(ctx, message)
	}
	return answer, nil
}

// fixUpdate answers with the index that SQLite's message names.
func (w *write) fixUpdate(ctx context.Context, message string) (*wire.OpMsg, error) {
	indexes, err := w.indexes(ctx)
	if err != nil {
		return nil, err
	}
	failure := wirebson.MustDocument("index", int32(0), "code", duplicateKey, "errmsg", "")
	for _, index := range indexes {
		if strings.Contains(message, "_"+index.name+"'") {
			if err := w.describe(failure, index); err != nil {
				return nil, err
			}
		}
	}
	if w.command.Command() == "update" {
		return wire.NewOpMsg(wirebson.MustDocument(
			"n", int32(0), "nModified", int32(0), "writeErrors", wirebson.MustArray(failure), "ok", float64(1)))
	}
	failure.Remove("index")
	if err := failure.Add("ok", float64(0)); err != nil {
		return nil, err
	}
	return wire.NewOpMsg(failure)
}

// describe makes failure name the violated index.
func (w *write) describe(failure *wirebson.Document, index index) error {
	text := fmt.Sprintf("E11000 duplicate key error collection: %v.%v index: %s dup key: { %s: ... }",
		w.command.Get("$db"), w.command.Get(w.command.Command()), index.name, index.key.FieldNames()[0])
	if err := failure.Replace("errmsg", text); err != nil {
		return err
	}
	return failure.Add("keyPattern", index.key)
}

// indexes returns the collection's unique indexes, with the one of _id first.
func (w *write) indexes(ctx context.Context) ([]index, error) {
	found, err := w.list(ctx, "listIndexes", wirebson.MustDocument(
		"listIndexes", w.command.Get(w.command.Command()), "$db", w.command.Get("$db")))
	if err != nil {
		return nil, err
	}
	var indexes []index
	for _, document := range found {
		name, _ := document.Get("name").(string)
		if key, ok := document.Get("key").(*wirebson.Document); ok && (name == "_id_" || document.Get("unique") == true) {
			indexes = append(indexes, index{name: name, key: key})
		}
	}
	return indexes, nil
}

// list runs a command that answers with a cursor and returns its first batch.
func (w *write) list(ctx context.Context, name string, command *wirebson.Document) ([]*wirebson.Document, error) {
	request, err := wire.NewOpMsg(command)
	if err != nil {
		return nil, err
	}
	_, answer, err := w.upstream.Request(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", name, err)
	}
	reply, err := answer.(*wire.OpMsg).RawSection0().DecodeDeep()
	if err != nil {
		return nil, err
	}
	cursor, ok := reply.Get("cursor").(*wirebson.Document)
	if !ok {
		return nil, fmt.Errorf("cannot run %s: %v", name, reply.Get("errmsg"))
	}
	batch := cursor.Get("firstBatch").(*wirebson.Array)
	documents := make([]*wirebson.Document, batch.Len())
	for i := range documents {
		documents[i] = batch.Get(i).(*wirebson.Document)
	}
	return documents, nil
}
