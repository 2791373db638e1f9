package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const selectOwners = `SELECT customer_id, user_id FROM interactions WHERE _id = ?`

const insertTicket = `INSERT INTO tickets
(_id, interaction_id, customer_id, interaction_user_id, description, status, priority, created_at, updated_at, version)
VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?, 1)`

// The server sends mail because of this event; the reference sends none.
const insertEvent = `INSERT INTO events (_id, seq, type, entity_id, actor_id, actor_role, at, data, planned)
VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM events), 'ticket.created', ?, ?, 'ADMIN', ?, ?, 1)`

const selectAccount = `SELECT _id, name, email, company, password FROM customers WHERE email_key = ?`

const insertSession = `INSERT INTO sessions (_id, account_id, staff, refresh_hash, created_at, expires_at)
VALUES (?, ?, 0, ?, ?, ?)`

type newTicket struct {
	InteractionID string `json:"interactionId"`
	Description   string `json:"description"`
	Priority      string `json:"priority"`
}

// serveCreateTicket is case M1.
func (s *store) serveCreateTicket(w http.ResponseWriter, r *http.Request) {
	var in newTicket
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	interaction, err := parseID("int", in.InteractionID)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	created, err := s.createTicket(r.Context(), interaction, in)
	answer(w, created, err)
}

// createTicket writes the ticket and its event in one transaction.
func (s *store) createTicket(ctx context.Context, interaction []byte, in newTicket) (*ticket, error) {
	id, now := newID(), time.Now().UTC().Truncate(time.Millisecond)
	created := &ticket{
		ID: globalID("tkt", id), Description: in.Description, Status: "OPEN", Priority: in.Priority, CreatedAt: dateTime{now},
	}
	data, err := json.Marshal(map[string]any{"ticket": created})
	if err != nil {
		return nil, err
	}
	tx, err := s.writes.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // has no effect after the commit
	//nolint:sqlclosecheck // all three are closed with the transaction
	owners, insertTicket, insertEvent := tx.StmtContext(ctx, s.prepared.owners),
		tx.StmtContext(ctx, s.prepared.insertTicket), tx.StmtContext(ctx, s.prepared.insertEvent)
	var customer, user []byte
	if err := owners.QueryRowContext(ctx, interaction).Scan(&customer, &user); err != nil {
		return nil, err
	}
	_, err = insertTicket.ExecContext(ctx, id, interaction, customer, user,
		in.Description, priorityNumber(in.Priority), now.UnixMilli(), now.UnixMilli())
	if err != nil {
		return nil, err
	}
	_, err = insertEvent.ExecContext(ctx, newID(), id, user, now.UnixMilli(), string(data))
	if err != nil {
		return nil, err
	}
	return created, tx.Commit()
}

func priorityNumber(name string) int {
	for priority := 1; priority <= 4; priority++ {
		if priorityName(priority) == name {
			return priority
		}
	}
	return 2
}

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type loggedIn struct {
	Customer person `json:"customer"`
	Tokens   tokens `json:"tokens"`
}

type tokens struct {
	AccessToken  string   `json:"accessToken"`
	RefreshToken string   `json:"refreshToken"`
	ExpiresAt    dateTime `json:"refreshTokenExpiresAt"`
}

// serveLogIn is case L1.
func (s *store) serveLogIn(w http.ResponseWriter, r *http.Request) {
	var in credentials
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var account loggedIn
	var id []byte
	var hash string
	err := s.prepared.account.QueryRowContext(r.Context(), strings.ToLower(in.Email)).
		Scan(&id, &account.Customer.Name, &account.Customer.Email, &account.Customer.Company, &hash)
	if err == nil {
		err = bcrypt.CompareHashAndPassword([]byte(hash), []byte(in.Password))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	account.Customer.ID = globalID("cus", id)
	account.Tokens, err = s.startSession(r.Context(), id)
	answer(w, account, err)
}

func (s *store) startSession(ctx context.Context, account []byte) (tokens, error) {
	secret, now := make([]byte, 32), time.Now().UTC().Truncate(time.Millisecond)
	_, _ = rand.Read(secret) // crypto/rand.Read never returns an error
	issued := tokens{
		AccessToken: base64.RawURLEncoding.EncodeToString(newID()), RefreshToken: base64.RawURLEncoding.EncodeToString(secret),
		ExpiresAt: dateTime{now.Add(30 * 24 * time.Hour)},
	}
	hash := sha256.Sum256(secret)
	_, err := s.prepared.insertSession.ExecContext(ctx, newID(), account, hex.EncodeToString(hash[:]),
		now.UnixMilli(), issued.ExpiresAt.UnixMilli())
	return issued, err
}
