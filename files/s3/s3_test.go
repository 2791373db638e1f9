package s3_test

import (
	"net/http/httptest"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"crm/files/filestest"
	"crm/files/s3"
)

func TestStore(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket("tickets"); err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(service.Close)
	for _, prefix := range []string{"", "crm/files/"} {
		store, err := s3.New(s3.Config{
			Bucket: "tickets", Region: "eu-central-1", Endpoint: service.URL, Prefix: prefix, AccessKey: "key", SecretKey: "a secret key",
		})
		if err != nil {
			t.Fatal(err)
		}
		filestest.Run(t, store)
		if err := store.Delete(t.Context(), "a1.thumbnail"); err != nil {
			t.Fatal(err)
		}
	}
}
