package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// connections is the number of reading connections. There is one for writing, because SQLite allows only one writer.
const connections = 4

type store struct {
	reads, writes *sql.DB
	prepared      statements
}

// statements are prepared once; database/sql prepares them again on each connection that it uses.
type statements struct {
	customers, company, companySize, interactions, interactionCounts, tickets *sql.Stmt
	interaction, interactionTickets, openTickets                              *sql.Stmt
	owners, insertTicket, insertEvent, account, insertSession                 *sql.Stmt
}

func openStore(ctx context.Context, path string) (*store, error) {
	options := "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	reads, err := sql.Open("sqlite", "file:"+path+options)
	if err != nil {
		return nil, err
	}
	writes, err := sql.Open("sqlite", "file:"+path+options+"&_txlock=immediate")
	if err != nil {
		return nil, errors.Join(err, reads.Close())
	}
	reads.SetMaxOpenConns(connections)
	reads.SetMaxIdleConns(connections)
	writes.SetMaxOpenConns(1)
	s := &store{reads: reads, writes: writes}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *store) prepare(ctx context.Context) error {
	for _, one := range []struct {
		stmt **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&s.prepared.customers, s.reads, selectCustomers}, {&s.prepared.company, s.reads, selectCompany},
		{&s.prepared.companySize, s.reads, countCompany}, {&s.prepared.interactions, s.reads, selectInteractions},
		{&s.prepared.interactionCounts, s.reads, countInteractions}, {&s.prepared.tickets, s.reads, selectTickets},
		{&s.prepared.interaction, s.reads, selectInteraction},
		{&s.prepared.interactionTickets, s.reads, selectInteractionTickets},
		{&s.prepared.openTickets, s.reads, selectOpenTickets}, {&s.prepared.account, s.reads, selectAccount},
		{&s.prepared.owners, s.writes, selectOwners}, {&s.prepared.insertTicket, s.writes, insertTicket},
		{&s.prepared.insertEvent, s.writes, insertEvent}, {&s.prepared.insertSession, s.writes, insertSession},
	} {
		stmt, err := one.db.PrepareContext(ctx, one.text) //nolint:sqlclosecheck // closed with its database
		if err != nil {
			return fmt.Errorf("%w in %s", err, one.text)
		}
		*one.stmt = stmt
	}
	return nil
}

// Close closes the file.
func (s *store) Close() error { return errors.Join(s.reads.Close(), s.writes.Close()) }

// newID returns an id with the layout of the server's.
func newID() []byte {
	id := make([]byte, 12)
	binary.BigEndian.PutUint32(id, uint32(time.Now().Unix()))
	_, _ = rand.Read(id[4:]) // crypto/rand.Read never returns an error
	return id
}

func globalID(kind string, id []byte) string { return kind + "_" + hex.EncodeToString(id) }

// parseID returns the twelve bytes in a global id.
func parseID(kind, text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, kind+"_")
	id, err := hex.DecodeString(digits)
	if !ok || err != nil || len(id) != 12 {
		return nil, fmt.Errorf("%q is not an id of this kind", text)
	}
	return id, nil
}

// idList returns ids as the JSON parameter of statements about many parents.
func idList[T any](rows []T, id func(*T) string) (string, error) {
	list := make([]string, len(rows))
	for i := range rows {
		_, list[i], _ = strings.Cut(id(&rows[i]), "_")
	}
	text, err := json.Marshal(list)
	return string(text), err
}

func at(milliseconds int64) dateTime { return dateTime{time.UnixMilli(milliseconds).UTC()} }

// dateTime is a time that is written as the API writes it.
type dateTime struct{ time.Time }

var _ json.Marshaler = dateTime{}

// MarshalJSON implements json.Marshaler.
func (t dateTime) MarshalJSON() ([]byte, error) {
	return t.AppendFormat(make([]byte, 0, 32), `"2006-01-02T15:04:05.000Z"`), nil
}

// answer writes the result of a request, or its error.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		log.Print(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(value) // an error means that the connection is closed
}
