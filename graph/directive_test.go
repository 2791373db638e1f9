package graph

import (
	"context"
	"testing"

	"crm/auth"
	"crm/db/store"
)

func TestHasRole(t *testing.T) {
	t.Parallel()
	next := func(context.Context) (any, error) { return "resolved", nil }
	for _, test := range []struct {
		role    auth.Role
		allowed []auth.Role
		code    store.Code
		message string
	}{
		{"", []auth.Role{auth.Admin}, store.Unauthenticated, "log in first"},
		{"", nil, store.Unauthenticated, "log in first"},
		{auth.Customer, []auth.Role{auth.Admin, auth.User}, store.Forbidden, "only ADMIN or USER may use this"},
		{auth.User, []auth.Role{auth.Admin}, store.Forbidden, "only ADMIN may use this"},
		{auth.Admin, []auth.Role{auth.Admin, auth.User}, "", ""},
	} {
		ctx := t.Context()
		if test.role != "" {
			ctx = auth.WithViewer(ctx, auth.Viewer{Role: test.role})
		}
		got, err := HasRole(ctx, nil, next, test.allowed, true)
		if store.CodeOf(err) != test.code || err != nil && err.Error() != test.message {
			t.Errorf("%q of %q got %v", test.role, test.allowed, err)
		}
		if (got == "resolved") != (test.code == "") {
			t.Errorf("%q of %q got %v", test.role, test.allowed, got)
		}
	}
}
