package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// SignUpUser resolves Mutation.signUpUser.
func (r mutationResolver) SignUpUser(
	ctx context.Context, input graph.SignUpUserInput,
) (*graph.SignUpUserPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	user, err := r.db.SignUpUser(ctx, db.NewUser{
		Name: input.Name, Email: input.Email, Password: input.Password, TimeZone: input.TimeZone.Value(),
	}, db.Setup{Local: viewer.Local, Token: orEmpty(input.SetupToken)})
	if err != nil {
		return nil, err
	}
	tokens, err := r.startSession(ctx, auth.Scope{Role: user.Role, Account: user.ID})
	if err != nil {
		return nil, err
	}
	return &graph.SignUpUserPayload{User: user, Tokens: tokens}, nil
}

// SignUpCustomer resolves Mutation.signUpCustomer.
func (r mutationResolver) SignUpCustomer(
	ctx context.Context, input graph.SignUpCustomerInput,
) (*graph.SignUpCustomerPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	done, err := r.db.SignUpCustomer(ctx, db.NewCustomer{
		Name: input.Name, Email: input.Email, Company: input.Company.Value(), Phone: input.Phone.Value(),
		TimeZone: input.TimeZone.Value(), Password: &input.Password,
	}, viewer.Address)
	if err != nil {
		return nil, err
	}
	if done.Mailed {
		return &graph.SignUpCustomerPayload{ExpiresAt: &done.ExpiresAt}, nil
	}
	tokens, err := r.startSession(ctx, r.db.CustomerScope(done.Created))
	if err != nil {
		return nil, err
	}
	return &graph.SignUpCustomerPayload{Customer: done.Created, Tokens: tokens}, nil
}

// LogInUser resolves Mutation.logInUser.
func (r mutationResolver) LogInUser(ctx context.Context, input graph.LogInInput) (*graph.LogInUserPayload, error) {
	user, err := r.db.LogInUser(ctx, credentials(ctx, input))
	if err != nil {
		return nil, err
	}
	challenge, needed, err := r.db.SecondStepOfUser(ctx, user)
	if err != nil {
		return nil, err
	}
	if needed {
		return &graph.LogInUserPayload{Challenge: challenge}, nil
	}
	session, refreshToken, err := r.db.StartUserSession(ctx, user)
	if err != nil {
		return nil, err
	}
	tokens, err := r.issue(ctx, auth.Scope{Role: user.Role, Account: user.ID}, session, refreshToken)
	if err != nil {
		return nil, err
	}
	return &graph.LogInUserPayload{User: user, Tokens: tokens}, nil
}

// LogInCustomer resolves Mutation.logInCustomer.
func (r mutationResolver) LogInCustomer(
	ctx context.Context, input graph.LogInInput,
) (*graph.LogInCustomerPayload, error) {
	customer, err := r.db.LogInCustomer(ctx, credentials(ctx, input))
	if err != nil {
		return nil, err
	}
	challenge, needed, err := r.db.SecondStepOfCustomer(ctx, customer)
	if err != nil {
		return nil, err
	}
	if needed {
		return &graph.LogInCustomerPayload{Challenge: challenge}, nil
	}
	session, refreshToken, err := r.db.StartCustomerSession(ctx, customer)
	if err != nil {
		return nil, err
	}
	tokens, err := r.issue(ctx, r.db.CustomerScope(customer), session, refreshToken)
	if err != nil {
		return nil, err
	}
	return &graph.LogInCustomerPayload{Customer: customer, Tokens: tokens}, nil
}

func credentials(ctx context.Context, input graph.LogInInput) db.Credentials {
	viewer, _ := auth.ViewerFrom(ctx)
	return db.Credentials{Email: input.Email, Password: input.Password, Address: viewer.Address}
}

// Refresh resolves Mutation.refresh.
func (r mutationResolver) Refresh(ctx context.Context, input graph.RefreshInput) (*graph.RefreshPayload, error) {
	session, refreshToken, err := r.db.RefreshSession(ctx, input.RefreshToken)
	if err != nil {
		return nil, err
	}
	account, tokens, err := r.resume(ctx, session, refreshToken)
	if err != nil {
		return nil, err
	}
	return &graph.RefreshPayload{Viewer: account, Tokens: tokens}, nil
}

// resume returns the account of a session, if it may still log in, and the session's tokens.
func (r *Resolver) resume(ctx context.Context, session *db.Session, refreshToken string) (graph.Viewer, *graph.Tokens, error) {
	viewer := auth.Viewer{Role: auth.Customer, Account: session.Account, Session: session.ID}
	if session.Staff {
		viewer.Role = auth.User
	}
	live, ok, err := r.db.Live(ctx, viewer)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, store.Errorf(store.Unauthenticated, "the account may no longer log in")
	}
	tokens, err := r.issue(ctx, live.Scope(), session, refreshToken)
	if err != nil {
		return nil, nil, err
	}
	account, err := r.account(ctx, live.Scope(), session.Staff, session.Account)
	return account, tokens, err
}

// LogOut resolves Mutation.logOut.
func (r mutationResolver) LogOut(ctx context.Context) (*graph.LogOutPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	if err := r.db.LogOut(ctx, viewer); err != nil {
		return nil, err
	}
	return &graph.LogOutPayload{EndedSessions: 1}, nil
}

// LogOutEverywhere resolves Mutation.logOutEverywhere.
func (r mutationResolver) LogOutEverywhere(ctx context.Context) (*graph.LogOutEverywherePayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	ended, err := r.db.LogOutEverywhere(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return &graph.LogOutEverywherePayload{EndedSessions: ended}, nil
}

// ChangePassword resolves Mutation.changePassword.
func (r mutationResolver) ChangePassword(
	ctx context.Context, input graph.ChangePasswordInput,
) (*graph.ChangePasswordPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	ended, err := r.db.ChangePassword(ctx, viewer, input.CurrentPassword, input.NewPassword)
	if err != nil {
		return nil, err
	}
	account, err := r.account(ctx, viewer.Scope(), viewer.Role.IsStaff(), viewer.Account)
	if err != nil {
		return nil, err
	}
	return &graph.ChangePasswordPayload{Viewer: account, EndedSessions: ended}, nil
}

// SetPassword resolves Mutation.setPassword.
func (r mutationResolver) SetPassword(
	ctx context.Context, input graph.SetPasswordInput,
) (*graph.SetPasswordPayload, error) {
	ended := 0
	account, err := r.onAccount(ctx, input.ID, func(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) (err error) {
		ended, err = r.db.SetPassword(ctx, scope, kind, id, input.NewPassword)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &graph.SetPasswordPayload{Account: account, EndedSessions: ended}, nil
}

func (r *Resolver) startSession(ctx context.Context, account auth.Scope) (*graph.Tokens, error) {
	session, refreshToken, err := r.db.StartSession(ctx, account.Account, account.Role.IsStaff())
	if err != nil {
		return nil, err
	}
	return r.issue(ctx, account, session, refreshToken)
}

// issue returns the tokens of a session. The rest of the payload is resolved as the session's account.
func (r *Resolver) issue(
	ctx context.Context, account auth.Scope, session *db.Session, refreshToken string,
) (*graph.Tokens, error) {
	auth.Become(ctx, account, session.ID)
	accessToken, expires, err := r.tokens.Issue(auth.Viewer{Role: account.Role, Account: session.Account, Session: session.ID})
	if err != nil {
		return nil, err
	}
	return &graph.Tokens{
		AccessToken: accessToken, AccessTokenExpiresAt: expires,
		RefreshToken: refreshToken, RefreshTokenExpiresAt: session.ExpiresAt,
	}, nil
}
