package mongo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"crm/db/store"
)

// FromMongoError converts every error of the driver: to one of the contract's errors if it has a code, to ctx's error
// if that ended the operation. c is the collection concerned, nil if there is none.
func FromMongoError(ctx context.Context, c *store.Collection, err error) error {
	switch {
	case err == nil:
		return nil
	case driver.IsDuplicateKeyError(err):
		return conflict(c, err)
	case errors.Is(err, driver.ErrNoDocuments):
		return store.Errorf(store.NotFound, "there is no such document in %s", nameOf(c))
	case ctx.Err() != nil:
		return ctx.Err()
	case isPastDeadline(ctx, err):
		return context.DeadlineExceeded
	case isUnreachable(err):
		return unavailable(err)
	}
	return fmt.Errorf("cannot use collection %s: %w", nameOf(c), err)
}

func nameOf(c *store.Collection) string {
	if c == nil {
		return "(none)"
	}
	return c.Name
}

func unavailable(err error) error {
	return &store.Error{Code: store.Unavailable, Message: "the database is not available", Err: err}
}

// isPastDeadline reports whether the operation ended because it would have missed ctx's deadline. The driver passes the
// deadline to the server, and both give up shortly before it. If ctx has no deadline, the time limit was the engine's
// own.
func isPastDeadline(ctx context.Context, err error) bool {
	_, limited := ctx.Deadline()
	return limited && driver.IsTimeout(err) && !errors.As(err, new(topology.ServerSelectionError))
}

// unreachableCodes are the error codes of a server that is no longer primary, shuts down, or can't answer in time.
var unreachableCodes = []int{
	6, 7, 50, 64, 89, 91, 133, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436,
}

// isUnreachable reports whether the error comes from the connection or the state of the server, so that another try may
// succeed.
func isUnreachable(err error) bool {
	if errors.Is(err, driver.ErrClientDisconnected) || driver.IsNetworkError(err) || driver.IsTimeout(err) {
		return true
	}
	var retryable interface{ Retryable() bool } // implemented by the pool of a server that has just failed
	if errors.As(err, new(topology.ServerSelectionError)) || errors.As(err, new(topology.ConnectionError)) ||
		errors.Is(err, topology.ErrPoolClosed) || (errors.As(err, &retryable) && retryable.Retryable()) {
		return true
	}
	var server driver.ServerError
	return errors.As(err, &server) && (server.HasErrorLabel("RetryableWriteError") ||
		slices.ContainsFunc(unreachableCodes, server.HasErrorCode))
}

// conflict returns the CONFLICT for a violated unique index, on the field that the index reports.
func conflict(c *store.Collection, err error) error {
	field := conflictField(c, err)
	if field == "" {
		return &store.Error{Code: store.Conflict, Message: "a value is already taken", Err: err}
	}
	e := store.FieldError(store.Conflict, field, "is already taken")
	e.Err = err
	return e
}

// conflictField returns the field that the violated index reports, "" if the index isn't known.
func conflictField(c *store.Collection, err error) string {
	keys, name := violated(err)
	if name == "_id_" || slices.Equal(keys, []string{idField}) {
		return idField
	}
	if c == nil {
		return ""
	}
	_, message := details(err)
	for _, index := range c.Indexes {
		named := index.Name == name || (name == "" && len(keys) == 0 && strings.Contains(message, index.Name))
		if index.Unique && (named || slices.Equal(keys, fieldsOf(index))) {
			return reported(index)
		}
	}
	return ""
}

// reported returns the field that a violation of an index is reported for.
func reported(index store.Index) string {
	if index.Reports != "" {
		return index.Reports
	}
	return index.Keys[0].Field
}

// conflictOf is FromMongoError for a write of these fields: if the server doesn't say which unique index they violate, it
// looks for the document that has the same values.
func (s *Store) conflictOf(ctx context.Context, c *store.Collection, written bson.D, err error) error {
	if !driver.IsDuplicateKeyError(err) || conflictField(c, err) != "" {
		return FromMongoError(ctx, c, err)
	}
	indexes := append([]store.Index{{Keys: []store.Key{{Field: idField}}, Unique: true}}, c.Indexes...)
	for _, index := range indexes {
		filter := bson.D{}
		for _, e := range written {
			if slices.Contains(fieldsOf(index), e.Key) {
				filter = append(filter, e)
			}
		}
		if !index.Unique || len(filter) < len(index.Keys) {
			continue
		}
		if n, countErr := s.collection(c).CountDocuments(ctx, filter); countErr == nil && n > 0 {
			conflict := store.FieldError(store.Conflict, reported(index), "is already taken")
			conflict.Err = err
			return conflict
		}
	}
	return FromMongoError(ctx, c, err)
}

func fieldsOf(index store.Index) []string {
	fields := make([]string, len(index.Keys))
	for i, key := range index.Keys {
		fields[i] = key.Field
	}
	return fields
}

// indexName matches the violated index in "E11000 duplicate key error collection: crm.users index: users_email dup key:
// { email_key: \"…\" }".
var indexName = regexp.MustCompile(`index: (\S+)`)

// violated returns the fields and the name of the violated index, as far as the server reports them.
func violated(err error) (keys []string, name string) {
	raw, message := details(err)
	for _, field := range []string{"keyPattern", "keyValue"} {
		if pattern, ok := raw.Lookup(field).DocumentOK(); ok && len(keys) == 0 {
			elements, _ := pattern.Elements() // the readable ones
			for _, element := range elements {
				keys = append(keys, element.Key())
			}
		}
	}
	if match := indexName.FindStringSubmatch(message); match != nil {
		name = match[1]
	}
	return keys, name
}

// details returns the server's document and message of the first error in err.
func details(err error) (bson.Raw, string) {
	var write driver.WriteException
	if errors.As(err, &write) && len(write.WriteErrors) > 0 {
		return write.WriteErrors[0].Raw, write.WriteErrors[0].Message
	}
	var bulk driver.BulkWriteException
	if errors.As(err, &bulk) && len(bulk.WriteErrors) > 0 {
		return bulk.WriteErrors[0].Raw, bulk.WriteErrors[0].Message
	}
	var command driver.CommandError
	if errors.As(err, &command) {
		return command.Raw, command.Message
	}
	return nil, ""
}
