package mongo

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"crm/db/store"
)

// duplicate is the error for a violated index from servers since 4.2, or from older ones and proxies without a key
// pattern.
func duplicate(t *testing.T, message string, keyPattern bson.D) driver.WriteError {
	t.Helper()
	e := driver.WriteError{Code: 11000, Message: message}
	if keyPattern != nil {
		raw, err := bson.Marshal(bson.D{{Key: "code", Value: 11000}, {Key: "keyPattern", Value: keyPattern}})
		if err != nil {
			t.Fatal(err)
		}
		e.Raw = raw
	}
	return e
}

func TestConflictNamesField(t *testing.T) {
	t.Parallel()
	const prefix = "E11000 duplicate key error collection: crm.shops index: "
	byKeys := duplicate(t, "E11000", bson.D{{Key: "name_key", Value: 1}})
	byID := duplicate(t, "E11000", bson.D{{Key: "_id", Value: 1}})
	byValues, err := bson.Marshal(bson.D{{Key: "keyValue", Value: bson.D{{Key: "name_key", Value: "x"}}}})
	if err != nil {
		t.Fatal(err)
	}
	bulk := []driver.BulkWriteError{{WriteError: byKeys}}
	byName := duplicate(t, prefix+`shops_name dup key: { name_key: "index: x" }`, nil)
	foreign := duplicate(t, prefix+"name_key_1 dup key: { }", bson.D{{Key: "name_key", Value: int64(1)}})
	cases := map[string]struct {
		err  error
		want string
	}{
		"by keys":             {driver.WriteException{WriteErrors: driver.WriteErrors{byKeys}}, "name"},
		"by name":             {driver.WriteException{WriteErrors: driver.WriteErrors{byName}}, "name"},
		"index of other name": {driver.WriteException{WriteErrors: driver.WriteErrors{foreign}}, "name"},
		"bulk":                {driver.BulkWriteException{WriteErrors: bulk}, "name"},
		"command":             {driver.CommandError{Code: 11000, Message: byName.Message, Raw: byKeys.Raw}, "name"},
		"id by name":          {driver.CommandError{Code: 11000, Message: prefix + "_id_ dup key: { _id: 1 }"}, "_id"},
		"id by keys":          {driver.CommandError{Code: 11000, Raw: byID.Raw}, "_id"},
		"by values":           {driver.CommandError{Code: 11000, Message: "E11000", Raw: byValues}, "name"},
		"name in other words": {driver.CommandError{Code: 11000, Message: "Duplicate key violation: Index 'shops_name'"}, "name"},
		"unknown":             {driver.CommandError{Code: 11000, Message: "E11000"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var coded *store.Error
			if err := FromMongoError(t.Context(), shop, c.err); !errors.As(err, &coded) || coded.Code != store.Conflict {
				t.Fatalf("got %v, want a CONFLICT", err)
			}
			field := ""
			if len(coded.Problems) > 0 {
				field = coded.Problems[0].Path
			}
			if field != c.want {
				t.Errorf("got field %q, want %q", field, c.want)
			}
		})
	}
}

func TestFromMongoError(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err  error
		want store.Code
	}{
		"none":             {nil, ""},
		"no document":      {driver.ErrNoDocuments, store.NotFound},
		"closed":           {driver.ErrClientDisconnected, store.Unavailable},
		"pool closed":      {topology.ErrPoolClosed, store.Unavailable},
		"server selection": {topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}, store.Unavailable},
		"connection":       {topology.ConnectionError{Wrapped: io.EOF}, store.Unavailable},
		"network":          {driver.CommandError{Labels: []string{"NetworkError"}}, store.Unavailable},
		"own time limit":   {context.DeadlineExceeded, store.Unavailable},
		"server's limit":   {driver.CommandError{Code: 50, Name: "MaxTimeMSExpired"}, store.Unavailable},
		"not primary":      {driver.CommandError{Code: 10107}, store.Unavailable},
		"interrupted": {
			driver.WriteException{WriteConcernError: &driver.WriteConcernError{Code: 11602}}, store.Unavailable,
		},
		"unauthorized": {driver.CommandError{Code: 13}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := FromMongoError(t.Context(), shop, c.err)
			if got := store.CodeOf(err); got != c.want || (err == nil) != (c.err == nil) {
				t.Errorf("got %v of code %q, want code %q", err, got, c.want)
			}
		})
	}
}

func TestFromMongoErrorOfEndedContext(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	network := driver.CommandError{Labels: []string{"NetworkError"}, Wrapped: context.Canceled}
	if err := FromMongoError(cancelled, shop, network); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	limited, stop := context.WithTimeout(t.Context(), time.Hour)
	defer stop()
	expired := driver.CommandError{Code: 50, Name: "MaxTimeMSExpired"}
	if err := FromMongoError(limited, shop, expired); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	unreachable := topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}
	if err := FromMongoError(limited, shop, unreachable); store.CodeOf(err) != store.Unavailable {
		t.Errorf("got %v, want UNAVAILABLE", err)
	}
}

func TestIsUnsupported(t *testing.T) {
	t.Parallel()
	for code, want := range map[int32]bool{238: true, 59: true, 115: true, 40324: true, 50: false, 2: false} {
		if got := isUnsupported(driver.CommandError{Code: code}); got != want {
			t.Errorf("code %d: got %v, want %v", code, got, want)
		}
	}
	if isUnsupported(io.EOF) {
		t.Error("a network error counts as unsupported")
	}
}
