package main

import (
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/files/s3"
)

// TestOpenWithoutFiles opens a store whose files can't be reached: the data file is free for the next attempt.
func TestOpenWithoutFiles(t *testing.T) {
	t.Parallel()
	s := newSettings()
	s.dataDir = t.TempDir()
	s.files.s3 = s3.Config{Bucket: "crm", Endpoint: "http://["}
	log := slog.New(slog.DiscardHandler)
	if _, err := open(t.Context(), s, log, db.Options{}); err == nil || !strings.HasPrefix(err.Error(), "FILES_S3_ENDPOINT: ") {
		t.Errorf("the error is %v", err)
	}
	s.files.s3 = s3.Config{}
	c, err := open(t.Context(), s, log, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.close()
}

// TestPasswordCost reads the hash of a password.
func TestPasswordCost(t *testing.T) {
	t.Parallel()
	s := newSettings()
	s.dataDir, s.passwordCost = t.TempDir(), 10
	c, err := open(t.Context(), s, slog.New(slog.DiscardHandler), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	admin := db.NewUser{Name: "Asha", Email: "asha@crm.example", Password: "correct horse", Role: auth.Admin, Verified: true}
	if _, err := c.db.CreateUser(t.Context(), auth.SystemScope(), admin); err != nil {
		t.Fatal(err)
	}
	var user db.User
	if err := c.store.Find(t.Context(), db.Users.Collection, store.Query{Limit: 1}, func() store.Document { return &user }); err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost([]byte(user.PasswordHash)); cost != 10 || err != nil {
		t.Errorf("a password is hashed at the cost %d, %v", cost, err)
	}
}
