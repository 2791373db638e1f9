package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(
	func(*world) {},
	[]row{
		{"twoFactor", noInput, [6]string{anon, okay, okay, okay, okay, okay}},
	},
	nil,
	[]row{
		{"completeLogIn", input(noInput).with("challenge", "none", "code", "123456"), [6]string{bad, bad, bad, bad, bad, bad}},
		{"startTwoFactor", asNewcomer.with("password", password), [6]string{anon, okay, okay, okay, okay, okay}},
		{"confirmTwoFactor", asNewcomer.with("code", "123456"), [6]string{anon, conflict, conflict, conflict, conflict, conflict}},
		{"disableTwoFactor", asNewcomer.with("code", "123456"), [6]string{anon, conflict, conflict, conflict, conflict, conflict}},
		{"renewRecoveryCodes", asNewcomer.with("code", "123456"), [6]string{anon, conflict, conflict, conflict, conflict, conflict}},
		{"resetTwoFactor", onUser, [6]string{anon, deny, deny, deny, deny, okay}},
		{"resetTwoFactor", onCustomer, [6]string{anon, deny, deny, deny, deny, okay}},
	},
)

const (
	conflict       = "CONFLICT"
	startTwoFactor = `mutation($password: String, $challenge: String) { startTwoFactor(input: {password: $password, challenge: $challenge}) {
		secret uri qrCode } }`
	confirmTwoFactor = `mutation($code: String!, $challenge: String) { confirmTwoFactor(input: {code: $code, challenge: $challenge}) {
		recoveryCodes viewer { ... on Node { id } } tokens { accessToken refreshToken } } }`
	completeLogIn = `mutation($challenge: String!, $code: String!) { completeLogIn(input: {challenge: $challenge, code: $code}) {
		viewer { ... on Node { id } } tokens { accessToken refreshToken } } }`
	disableTwoFactor = `mutation($code: String!) { disableTwoFactor(input: {code: $code}) { viewer { __typename } } }`
	resetTwoFactor   = `mutation($id: ID!) { resetTwoFactor(input: {id: $id}) { account { __typename } } }`
)

// codeAt returns the code of a secret at a time from now.
func codeAt(t *testing.T, secret string, from time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(from))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol turns on the two-factor authentication of an account.
func (s *server) enrol(a account) (secret string, recovery []string) {
	s.t.Helper()
	secret = s.must(a.token, startTwoFactor, variables{"password": password}).text("startTwoFactor.secret")
	done := s.must(a.token, confirmTwoFactor, variables{"code": codeAt(s.t, secret, 0)})
	for _, code := range done.at("confirmTwoFactor.recoveryCodes").([]any) {
		recovery = append(recovery, code.(string))
	}
	return secret, recovery
}

// challenge logs an account in that has a second factor, and returns the token for the second step.
func (s *server) challenge(a account) string {
	s.t.Helper()
	field := "logInUser"
	if strings.HasPrefix(a.id, string(db.KindCustomer)) {
		field = "logInCustomer"
	}
	got := s.must("", `mutation($in: LogInInput!) { `+field+`(input: $in) { tokens { accessToken } challenge { token expiresAt mustEnrol } } }`,
		variables{"in": variables{"email": a.email, "password": password}})
	if got.at(field+".tokens") != nil || got.text(field+".challenge.token") == "" {
		s.t.Fatalf("a log-in with a second factor got %s", got.raw)
	}
	return got.text(field + ".challenge.token")
}

// forgetStep lets a code be used again that was used before.
func (s *server) forgetStep(a account) {
	s.t.Helper()
	set := []store.Assignment{{Field: "last_step", Value: 0}}
	if err := s.store.Update(s.t.Context(), db.TwoFactors.Collection, store.DerivedID("two-factor", a.id), store.Filter{}, set); err != nil {
		s.t.Fatal(err)
	}
}

// TestTwoFactor sets up a second factor, logs in with it and with recovery codes, and turns it off.
func TestTwoFactor(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for _, who := range []account{s.hire(ada, "Uma"), s.signUpCustomer("Cleo")} {
			before := s.anotherSession(who)
			secret, recovery := s.enrol(who)
			if len(recovery) != 10 || !s.alive(who) || s.alive(before) {
				t.Errorf("there are %d recovery codes; their session lasts: %v, another: %v", len(recovery), s.alive(who), s.alive(before))
			}
			s.refused(who.token, startTwoFactor, variables{"password": password}, conflict)

			next := codeAt(t, secret, 30*time.Second)
			got := s.must("", completeLogIn, variables{"challenge": s.challenge(who), "code": " " + next[:3] + " " + next[3:]})
			if got.text("completeLogIn.viewer.id") != who.id || !s.alive(account{id: who.id, token: got.text("completeLogIn.tokens.accessToken")}) {
				t.Errorf("the second step got %s", got.raw)
			}
			for _, used := range []string{next, codeAt(t, secret, 0)} {
				s.refused("", completeLogIn, variables{"challenge": s.challenge(who), "code": used}, bad)
			}
			for i, code := range []string{recovery[3], strings.ToUpper(recovery[4]), strings.ReplaceAll(recovery[5], "-", " ")} {
				s.must("", completeLogIn, variables{"challenge": s.challenge(who), "code": code})
				s.refused("", completeLogIn, variables{"challenge": s.challenge(who), "code": code}, bad)
				if a := s.must(who.token, `{ twoFactor { enabledAt recoveryCodesLeft required } }`, nil); a.at("twoFactor.recoveryCodesLeft") != float64(9-i) {
					t.Errorf("after %d recovery codes, the state is %s", i+1, a.raw)
				}
			}
			renewed := s.must(who.token, `mutation($code: String!) { renewRecoveryCodes(input: {code: $code}) { recoveryCodes } }`, variables{"code": recovery[0]})
			s.refused(who.token, disableTwoFactor, variables{"code": recovery[1]}, bad)
			s.must(who.token, disableTwoFactor, variables{"code": renewed.at("renewRecoveryCodes.recoveryCodes").([]any)[0].(string)})
			s.anotherSession(who)
			const want = "TWO_FACTOR_DISABLED RECOVERY_CODE_USED TWO_FACTOR_FAILED RECOVERY_CODES_RENEWED RECOVERY_CODE_USED"
			if kinds := s.kindsOfEvents(who); !strings.Contains(kinds, want) || !strings.Contains(kinds, "TWO_FACTOR_ENABLED") {
				t.Errorf("the security events are %s", kinds)
			}

			s.enrol(who)
			s.must(ada.token, resetTwoFactor, variables{"id": who.id})
			s.anotherSession(who)
		}
	})
}

// twoFactorAttack is somebody who wants to get in, or to take part of the second factor away.
type twoFactorAttack struct {
	query string
	token string
	vars  variables
	want  string
}

// TestTwoFactorAttacks uses everything in the place of everything else.
func TestTwoFactorAttacks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma, cleo, otto := s.hire(ada, "Uma"), s.signUpCustomer("Cleo"), s.hire(ada, "Otto")
		_, key := s.createKey(ada, variables{"name": "sync"})
		secret, recovery := s.enrol(uma)
		cleos, _ := s.enrol(cleo)
		pending := s.must(otto.token, startTwoFactor, variables{"password": password}).text("startTwoFactor.secret")
		s.forgetStep(uma)
		s.forgetStep(cleo)
		umas, cleosChallenge := s.challenge(uma), s.challenge(cleo)
		past := s.db.ForDemo(func() time.Time { return time.Now().Add(-6 * time.Minute).UTC().Truncate(time.Millisecond) },
			func(p db.Passwords) db.Passwords { return p })
		user, err := s.db.Users.Get(t.Context(), auth.SystemScope(), idOf(t, uma.id))
		if err != nil {
			t.Fatal(err)
		}
		expired, _, err := past.SecondStepOfUser(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		if a := s.ask(umas, `{ latestSeq }`, nil); a.Status != 401 {
			t.Errorf("a challenge as an access token got %s", a.raw)
		}
		now := codeAt(t, secret, 0)
		for name, attack := range map[string]twoFactorAttack{
			"a challenge as a refresh token":      {refreshMutation, "", variables{"token": umas}, anon},
			"an access token as a challenge":      {completeLogIn, "", variables{"challenge": uma.token, "code": now}, bad},
			"a stored secret as a challenge":      {completeLogIn, "", variables{"challenge": s.storedSecret(uma), "code": now}, bad},
			"the code of a customer":              {completeLogIn, "", variables{"challenge": umas, "code": codeAt(t, cleos, 0)}, bad},
			"a user's code for a customer":        {completeLogIn, "", variables{"challenge": cleosChallenge, "code": now}, bad},
			"a user's recovery code":              {completeLogIn, "", variables{"challenge": cleosChallenge, "code": recovery[0]}, bad},
			"an expired challenge":                {completeLogIn, "", variables{"challenge": expired.Token, "code": now}, bad},
			"an old code":                         {completeLogIn, "", variables{"challenge": umas, "code": codeAt(t, secret, -90*time.Second)}, bad},
			"a code of the future":                {completeLogIn, "", variables{"challenge": umas, "code": codeAt(t, secret, 90*time.Second)}, bad},
			"no code":                             {completeLogIn, "", variables{"challenge": umas, "code": ""}, bad},
			"another secret, with the password":   {startTwoFactor, "", variables{"challenge": umas}, conflict},
			"another secret, in a session":        {startTwoFactor, uma.token, variables{"password": password}, conflict},
			"a secret without the password":       {startTwoFactor, ada.token, nil, bad},
			"a secret with a wrong password":      {startTwoFactor, ada.token, variables{"password": "a wrong guess"}, bad},
			"a secret for an API key":             {startTwoFactor, key, variables{"password": password}, deny},
			"a pending secret for an API key":     {confirmTwoFactor, key, variables{"code": codeAt(t, pending, 0)}, deny},
			"a pending secret of somebody else":   {confirmTwoFactor, ada.token, variables{"code": codeAt(t, pending, 0)}, conflict},
			"a wrong first code":                  {confirmTwoFactor, otto.token, variables{"code": now}, bad},
			"a log-in with a pending secret":      {completeLogIn, "", variables{"challenge": pending, "code": codeAt(t, pending, 0)}, bad},
			"turning it off without a code":       {disableTwoFactor, uma.token, variables{"code": "123456"}, bad},
			"an admin's own, without a code":      {resetTwoFactor, ada.token, variables{"id": ada.id}, deny},
			"the state of somebody else's":        {`query($id: ID!) { twoFactor(of: $id) { enabledAt } }`, otto.token, variables{"id": uma.id}, hide},
			"the state by a customer of a user's": {`query($id: ID!) { twoFactor(of: $id) { enabledAt } }`, cleo.token, variables{"id": uma.id}, hide},
		} {
			if a := s.ask(attack.token, attack.query, attack.vars); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != attack.want {
				t.Errorf("%s: got %s, want %s", name, a.raw, attack.want)
			}
			s.passTime(25 * time.Hour) // so that the limits aren't reached
		}
		s.must(otto.token, confirmTwoFactor, variables{"code": codeAt(t, pending, 0)})
		s.must(uma.token, `mutation { changePassword(input: {currentPassword: "`+password+`", newPassword: "`+nextPassword+`"}) { endedSessions } }`, nil)
		s.refused("", completeLogIn, variables{"challenge": umas, "code": now}, bad)
	})
}

// TestSessionFixation checks that a log-in begins a session of its own, whatever tokens the client has been given before.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	uma := s.hire(s.signUpUser("Ada"), "Uma")
	attacker := s.signUpCustomer("Eve")
	got := s.must(attacker.token, `mutation($in: LogInInput!) { logInUser(input: $in) { tokens { accessToken refreshToken } } }`,
		variables{"in": variables{"email": uma.email, "password": password}})
	if sessionOf(t, got.text("logInUser.tokens.refreshToken")) == sessionOf(t, attacker.refresh) || !s.alive(attacker) || s.onlySession(attacker) == "" {
		t.Errorf("a log-in with somebody's token got %s", got.raw)
	}
}
