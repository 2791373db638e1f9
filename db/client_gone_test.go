package db_test

import (
	"bytes"
	"context"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
	"crm/files"
)

// clientGoes is a store whose caller's client disconnects right after a write to one collection has succeeded.
type clientGoes struct {
	store.Store
	after *store.Collection
	gone  func()
}

func (s clientGoes) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	err := s.Store.Insert(ctx, c, doc, events...)
	if err == nil && c == s.after {
		s.gone()
	}
	return err
}

func (s clientGoes) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	err := s.Store.Update(ctx, c, id, where, set, events...)
	if err == nil && c == s.after {
		s.gone()
	}
	return err
}

// TestClientGoneAfterFilesWereSent checks that a reply and a ticket that were written keep their files, and are reported as written.
func TestClientGoneAfterFilesWereSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after *store.Collection
		write func(ctx context.Context, d *db.DB, scope auth.Scope, ticket store.ID, files []store.ID) error
	}{
		"reply": {db.TicketMessages.Collection, func(ctx context.Context, d *db.DB, scope auth.Scope, ticket store.ID, files []store.ID) error {
			_, _, err := d.ReplyToTicket(ctx, scope, ticket, db.NewReply{BodyText: "Here it is", Attachments: files})
			return err
		}},
		"ticket": {db.Tickets.Collection, func(ctx context.Context, d *db.DB, scope auth.Scope, _ store.ID, files []store.ID) error {
			_, err := d.CreateTicket(ctx, scope, db.NewTicket{Description: "Here it is", Priority: db.PriorityLow, Attachments: files})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, engine store.Store) {
				ctx, leave := context.WithCancel(t.Context())
				options := db.Options{Files: files.NewFolder(t.TempDir())}
				staying, leaving := db.New(engine, nil, options), db.New(clientGoes{engine, test.after, leave}, nil, options)
				scope := auth.Scope{Role: auth.Customer, Account: customer(t, engine).ID}
				ticket, err := staying.CreateTicket(t.Context(), scope, db.NewTicket{Description: "It is slow", Priority: db.PriorityLow})
				if err != nil {
					t.Fatal(err)
				}
				file, err := staying.StoreUpload(t.Context(), scope, db.NewUpload{FileName: "a.txt", Size: 1}, bytes.NewReader([]byte("a")))
				if err != nil {
					t.Fatal(err)
				}
				if err := test.write(ctx, leaving, scope, ticket.ID, []store.ID{file}); err != nil {
					t.Errorf("what was written is reported as failed: %v", err)
				}
				kept, err := entity.Find[db.Attachment](t.Context(), engine, db.Attachments.Collection, store.Query{})
				if err != nil || len(kept) != 1 {
					t.Errorf("%d files are attached, want 1: %v", len(kept), err)
				}
			})
		})
	}
}

// TestClientGoneAfterDemotion checks that an admin is left when two demote each other at the same moment, even if their clients disconnect.
func TestClientGoneAfterDemotion(t *testing.T) {
	t.Parallel()
	for name, demote := range map[string]func(ctx context.Context, d *db.DB, scope auth.Scope, id store.ID) error{
		"role": func(ctx context.Context, d *db.DB, scope auth.Scope, id store.ID) error {
			role := auth.User
			_, err := d.UpdateUser(ctx, scope, id, nil, db.UserChanges{Role: &role})
			return err
		},
		"deactivation": func(ctx context.Context, d *db.DB, scope auth.Scope, id store.ID) error {
			_, err := d.DeactivateUser(ctx, scope, id, nil, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, engine store.Store) {
				var admins []*db.User
				for _, email := range []string{"asha@crm.example", "ben@crm.example"} {
					admin := &db.User{ID: store.NewID(), Name: email, Email: email, Role: auth.Admin, PasswordHash: "x", Version: 1}
					admin.SetKeys(textkey.Default())
					if err := engine.Insert(t.Context(), db.Users.Collection, admin); err != nil {
						t.Fatal(err)
					}
					admins = append(admins, admin)
				}
				ctx, leave := context.WithCancel(t.Context())
				d := db.New(clientGoes{engine, db.Users.Collection, func() {
					leave()
					demoted := []store.Assignment{{Field: "role", Value: string(auth.User)}}
					if err := engine.Update(t.Context(), db.Users.Collection, admins[1].ID, store.Filter{}, demoted); err != nil {
						t.Error(err)
					}
				}}, nil, db.Options{})
				scope := auth.Scope{Role: auth.Admin, Account: admins[1].ID}
				if err := demote(ctx, d, scope, admins[0].ID); store.CodeOf(err) != store.Conflict {
					t.Errorf("the last admin was demoted: %v", err)
				}
				left, err := entity.Find[db.User](t.Context(), engine, db.Users.Collection, store.Query{
					Where: store.And(store.Eq("role", string(auth.Admin)), store.IsNull("deactivated_at")),
				})
				if err != nil || len(left) != 1 || left[0].ID != admins[0].ID {
					t.Errorf("%d admins are left, want 1: %v", len(left), err)
				}
			})
		})
	}
}
