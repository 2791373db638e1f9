package db

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// record writes that something happened to the security of an account, done by the scope's account, and a line about it to the log. What
// has happened isn't undone if that can't be written, nor does the client get an error: the log has it. Nothing follows from such an event,
// so it has none in the log of events; there is one with every log-in. What the owner is told by mail begins with mailedEvent.
func (d *DB) record(ctx context.Context, scope auth.Scope, kind SecurityEventKind, of entity.Kind, id store.ID) {
	d.recordEvent(ctx, d.securityEventBy(ctx, scope, kind, of, id))
}

// mailedEvent returns a security event that the owner of the account is told of by mail, done by the scope's account. Its event in the log
// of events has to be written with the change that it is about, so that no crash after that keeps the owner from being told; then recordMailed
// writes the rest.
func (d *DB) mailedEvent(
	ctx context.Context, scope auth.Scope, kind SecurityEventKind, of entity.Kind, id store.ID,
) (*SecurityEvent, *store.Event) {
	event := d.securityEventBy(ctx, scope, kind, of, id)
	return event, d.securityEvents.Event(ctx, scope, entity.Created, nil, event)
}

// recordMailed records a security event of mailedEvent, whose event in the log of events has been written.
func (d *DB) recordMailed(ctx context.Context, event *SecurityEvent) {
	d.wake()
	d.recordEvent(ctx, event)
}

func (d *DB) recordEvent(ctx context.Context, event *SecurityEvent) {
	viewer, _ := auth.ViewerFrom(ctx)
	attributes := []slog.Attr{
		slog.String("event", strings.ToLower(string(event.Kind))), slog.String("account", event.AccountID()), slog.String("address", viewer.Address),
	}
	if event.ActorID != nil {
		attributes = append(attributes, slog.String("actor", KindUser.GlobalID(*event.ActorID)))
	}
	if event.APIKeyID != nil {
		attributes = append(attributes, slog.String("apiKey", *event.APIKey()))
	}
	d.options.Log.LogAttrs(ctx, slog.LevelInfo, "security event", attributes...)
	d.writeSecurityEvent(ctx, event)
}

// securityEventBy returns an event that the scope's account caused.
func (d *DB) securityEventBy(ctx context.Context, scope auth.Scope, kind SecurityEventKind, of entity.Kind, id store.ID) *SecurityEvent {
	event := d.newSecurityEvent(ctx, kind, of, id)
	if scope.Role.IsStaff() && !scope.IsAccount(event.Staff, id) {
		event.ActorID = new(store.ID(scope.Account))
	}
	if viewer, _ := auth.ViewerFrom(ctx); viewer.Key && viewer.Scope() == scope {
		event.APIKeyID = new(store.ID(viewer.Session))
	}
	return event
}

// newSecurityEvent returns an event whose client is that of the context.
func (d *DB) newSecurityEvent(ctx context.Context, kind SecurityEventKind, of entity.Kind, id store.ID) *SecurityEvent {
	event := &SecurityEvent{ID: store.NewID(), Account: id, Staff: of == KindUser, Kind: kind, CreatedAt: d.now()}
	event.Device, event.Network = clientOf(ctx)
	return event
}

func (d *DB) writeSecurityEvent(ctx context.Context, event *SecurityEvent) {
	ctx = context.WithoutCancel(ctx) // a client can't prevent it by disconnecting
	if err := d.store.Insert(ctx, SecurityEvents.Collection, event); err != nil {
		d.options.Log.ErrorContext(ctx, "cannot write a security event", "event", strings.ToLower(string(event.Kind)), "error", err)
	}
}

// recordChanges records which changes of an account, as somebody with the scope made them, concern its security.
func (d *DB) recordChanges(ctx context.Context, scope auth.Scope, before, after account) {
	if before.email() != after.email() && *before.hash() != "" {
		d.record(ctx, scope, SecurityEmailChanged, after.kind(), after.id())
	}
	if before.role() != after.role() {
		d.record(ctx, scope, SecurityRoleChanged, after.kind(), after.id())
	}
}

// refused logs that an attempt was refused before the answer was looked at, and why, and returns the error. Errors that have other reasons
// are not logged.
func (d *DB) refused(ctx context.Context, kind entity.Kind, account store.ID, address string, err error) error {
	var reason *store.Error
	if errors.As(err, &reason) && reason.Code != store.Unavailable {
		d.logRefusal(ctx, kind, account, address, reason.Message)
	}
	return err
}

// logRefusal logs that a log-in was refused, with the client's network address, for those who watch for attacks. The address of the account
// isn't logged: whoever mistypes theirs, or enters a password there, would find it in the log.
func (d *DB) logRefusal(ctx context.Context, kind entity.Kind, account store.ID, address, reason string) {
	attributes := []slog.Attr{
		slog.String("address", address), slog.String("kind", catalog.ByKind(kind).Noun), slog.String("reason", reason),
	}
	if !account.IsZero() {
		attributes = append(attributes, slog.String("account", kind.GlobalID(account)))
	}
	d.options.Log.LogAttrs(ctx, slog.LevelWarn, "log-in refused", attributes...)
}

// wrongAnswer is what follows from a wrong answer: a security event, a reason in the log, and the client's error.
type wrongAnswer struct {
	event  SecurityEventKind
	reason string
	err    *store.Error
}

// failed logs an answer that was wrong, which its owner finds among the security events, and returns the error. For an account that doesn't
// exist, as much is written, so that the time doesn't tell.
func (d *DB) failed(ctx context.Context, kind entity.Kind, account store.ID, address string, wrong wrongAnswer) error {
	if account.IsZero() {
		d.writeDecoy(ctx)
	} else {
		event := d.newSecurityEvent(ctx, wrong.event, kind, account)
		if network := networkOf(address); network != "" {
			event.Network = &network
		}
		d.writeSecurityEvent(ctx, event)
	}
	d.logRefusal(ctx, kind, account, address, wrong.reason)
	return wrong.err
}

// tellOfAttempts tells the owner of an account by mail, once a day, that too many wrong answers were given for it, to whichever question.
// owner is empty if there is no such account; then as much is read and written.
func (d *DB) tellOfAttempts(ctx context.Context, of attempted, owner auth.AudienceKey) error {
	now := d.now()
	told := &LoginAttempt{ID: store.DerivedID("told", cmp.Or(string(owner), string(of)), now.Format(time.DateOnly)), Key: "told", At: now}
	known, err := entity.Find[LoginAttempt](ctx, d.store, LoginAttempts.Collection, store.Query{Where: store.Eq("_id", told.ID), Limit: 1})
	if err != nil || len(known) > 0 {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if owner == "" {
		if err := d.store.Insert(ctx, LoginAttempts.Collection, told); err != nil {
			return exceptCode(err, store.Conflict)
		}
		d.writeDecoy(ctx)
		return nil
	}
	kind, id, err := ParseGlobalID(string(owner))
	if err != nil {
		return err
	}
	event, logged := d.mailedEvent(ctx, auth.SystemScope(), SecurityLogInsLimited, kind, id)
	if err := d.store.Insert(ctx, LoginAttempts.Collection, told, logged); err != nil {
		return exceptCode(err, store.Conflict)
	}
	d.recordMailed(ctx, event)
	return nil
}

// writeDecoy writes in the place of a security event.
func (d *DB) writeDecoy(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	decoy := &LoginAttempt{ID: store.NewID(), Key: "unknown", At: d.now()}
	if err := d.store.Insert(ctx, LoginAttempts.Collection, decoy); err != nil {
		d.options.Log.ErrorContext(ctx, "cannot write a failed log-in", "error", err)
	}
}
