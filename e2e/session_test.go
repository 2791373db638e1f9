package e2e_test

import "sync"

// session is a log-in, whose tokens are exchanged when they have expired. Several clients may use it.
type session struct {
	mutex           sync.Mutex
	access, refresh string
	// renewals counts the exchanges.
	renewals int
}

// populateSession creates an admin and a customer.
func populateSession(p *process) (admin *session, customer string) {
	p.t.Helper()
	a := p.must("", signUp, nil)
	admin = &session{access: a.text("signUpUser.tokens.accessToken"), refresh: a.text("signUpUser.tokens.refreshToken")}
	return admin, p.must(admin.access, createCustomer, nil).text("createCustomer.customer.id")
}

func (s *session) token() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.access
}

// ask is process.ask, with new tokens if those of the session have expired.
func (s *session) ask(p *process, query string, vars variables) (answer, error) {
	token := s.token()
	a, err := p.ask(token, query, vars)
	if err != nil || a.code() != "UNAUTHENTICATED" {
		return a, err
	}
	if a, err = s.renew(p, token); err != nil || len(a.Errors) > 0 {
		return a, err
	}
	return p.ask(s.token(), query, vars)
}

// renew exchanges the tokens, unless somebody has done so since the given one was read.
func (s *session) renew(p *process, expired string) (answer, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.access != expired {
		return answer{}, nil
	}
	a, err := p.ask("", refresh, variables{"token": s.refresh})
	if err == nil && len(a.Errors) == 0 {
		s.access, s.refresh = a.text("refresh.tokens.accessToken"), a.text("refresh.tokens.refreshToken")
		s.renewals++
	}
	return a, err
}
