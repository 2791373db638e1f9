package resolvers_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"crm/auth/oidc/oidctest"
	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(
	func(*world) {},
	[]row{{"logInProviders", noInput, [6]string{none, none, none, none, none, none}}},
	nil,
	[]row{
		{"startProviderLogIn", input(noInput).with("provider", "none", "audience", "USER"), [6]string{bad, bad, bad, bad, bad, bad}},
		{"completeProviderLogIn", input(noInput).with("attempt", "none", "state", "none", "code", "none"), [6]string{bad, bad, bad, bad, bad, bad}},
		{"unlinkProviders", onUser, [6]string{anon, deny, deny, deny, deny, okay}},
		{"unlinkProviders", onCustomer, [6]string{anon, deny, deny, deny, deny, okay}},
	},
)

const (
	startAtProvider = `mutation($provider: String!, $audience: Audience!) {
		startProviderLogIn(input: {provider: $provider, audience: $audience}) { url attempt expiresAt } }`
	completeAtProvider = `mutation($in: CompleteProviderLogInInput!) { completeProviderLogIn(input: $in) {
		viewer { ... on Node { id } } tokens { accessToken refreshToken } challenge { token mustEnrol } } }`
	unlinkProviders = `mutation($id: ID!) { unlinkProviders(input: {id: $id}) { account { ... on Node { id } } } }`
	frontEnd        = "https://crm.example.com"
)

// claims are those of an ID token.
type claims = oidctest.Claims

// ssoWorld is a server with the providers corp for users, shop for customers, hr, which creates users and gives them roles, and club, which
// creates customers.
type ssoWorld struct {
	*server

	providers map[string]*oidctest.Server
}

func newSSOWorld(s *server, options db.Options) *ssoWorld {
	s.t.Helper()
	w := &ssoWorld{providers: map[string]*oidctest.Server{}}
	variables := []string{
		"OIDC_PROVIDERS=corp,shop,hr,club", "OIDC_SHOP_STAFF=false", "OIDC_SHOP_CUSTOMERS=true",
		"OIDC_HR_CREATE=true", "OIDC_HR_ROLE_CLAIM=groups", "OIDC_HR_ADMIN_VALUES=crm-admins", "OIDC_HR_USER_VALUES=crm-users",
		"OIDC_CLUB_STAFF=false", "OIDC_CLUB_CUSTOMERS=true", "OIDC_CLUB_CREATE=true",
	}
	for _, name := range []string{"corp", "shop", "hr", "club"} {
		w.providers[name] = oidctest.Start(s.t)
		variables = append(variables, w.providers[name].Environment("OIDC_"+strings.ToUpper(name)+"_")...)
	}
	options.Providers = oidctest.Providers(s.t, frontEnd, variables...)
	w.server = serve(s.t, s.store, options)
	return w
}

// audienceAt returns who logs in with a provider.
func audienceAt(provider string) string {
	if provider == "shop" || provider == "club" {
		return "CUSTOMER"
	}
	return "USER"
}

// visit logs somebody in at a provider, and returns the input that completes the log-in.
func (w *ssoWorld) visit(provider string, who claims) variables {
	w.t.Helper()
	started := w.must("", startAtProvider, variables{"provider": provider, "audience": audienceAt(provider)})
	code, state := w.providers[provider].LogIn(w.t, started.text("startProviderLogIn.url"), who)
	return variables{"attempt": started.text("startProviderLogIn.attempt"), "state": state, "code": code}
}

// enter logs somebody in with a provider.
func (w *ssoWorld) enter(provider string, who claims) account {
	w.t.Helper()
	return entered(w.must("", completeAtProvider, variables{"in": w.visit(provider, who)}))
}

func entered(a answer) account {
	return account{
		id: a.text("completeProviderLogIn.viewer.id"), token: a.text("completeProviderLogIn.tokens.accessToken"),
		refresh: a.text("completeProviderLogIn.tokens.refreshToken"),
	}
}

// turnedAway logs somebody in with a provider who must not get in.
func (w *ssoWorld) turnedAway(provider string, who claims, code string) problem {
	w.t.Helper()
	return w.refused("", completeAtProvider, variables{"in": w.visit(provider, who)}, code)
}

// person returns the claims of somebody whose address is verified.
func person(subject, email string) claims {
	return claims{"sub": subject, "email": email, "email_verified": true}
}

// claiming returns a copy of the claims with others; nil removes one.
func claiming(of claims, others claims) claims {
	all := maps.Clone(of)
	maps.Copy(all, others)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// TestProviderLogIn logs accounts in by what they are bound to, and binds only accounts whose address the provider has verified.
func TestProviderLogIn(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := newSSOWorld(s, db.Options{})
		ada := w.signUpUser("Ada")
		uma, cleo := w.hire(ada, "Uma"), w.signUpCustomer("Cleo")
		if a := w.must("", `{ logInProviders { name label audiences } }`, nil); !strings.Contains(a.raw,
			`{"name":"corp","label":"Corp","audiences":["USER"]},{"name":"shop","label":"Shop","audiences":["CUSTOMER"]}`) {
			t.Errorf("the providers are %s", a.raw)
		}
		for provider, who := range map[string]account{"corp": uma, "shop": cleo} {
			me := person("1", strings.ToUpper(who.email))
			for name, unverified := range map[string]claims{
				"absent": {"email_verified": nil}, "false": {"email_verified": false}, "a text": {"email_verified": "false"}, "a number": {"email_verified": 1},
			} {
				if p := w.turnedAway(provider, claiming(me, unverified), anon); !strings.Contains(p.Message, "verified") {
					t.Errorf("%s: %+v", name, p)
				}
			}
			w.turnedAway(provider, person("1", "nobody@example.com"), anon)
			w.turnedAway(provider, claiming(me, claims{"email": nil}), anon)
			if w.bindings(who) != 0 || !w.alive(who) {
				t.Errorf("%s is bound to somebody whose address isn't verified", who.email)
			}
			if got := w.enter(provider, claiming(me, claims{"email_verified": "true"})); got.id != who.id || !w.alive(got) || w.bindings(who) != 1 {
				t.Errorf("%s logs in as %+v", who.email, got)
			}
			// From now on, the subject counts, whatever the address.
			if got := w.enter(provider, claims{"sub": "1"}); got.id != who.id {
				t.Errorf("%s logs in as %+v", who.email, got)
			}
			if got := w.enter(provider, person("1", ada.email)); got.id != who.id {
				t.Errorf("%s logs in as %+v", who.email, got)
			}
			p := w.turnedAway(provider, person("2", who.email), anon)
			if other := w.turnedAway(provider, person("2", "nobody@example.com"), anon); other.Message != p.Message {
				t.Errorf("an account that is bound gives %q, none %q", p.Message, other.Message)
			}
			again := w.enter(provider, person("1", who.email))
			if kinds := w.kindsOfEvents(again); strings.Count(kinds, "PROVIDER_LINKED") != 1 || !strings.HasPrefix(kinds, "LOGGED_IN LOG_IN_FAILED") {
				t.Errorf("the security events are %s", kinds)
			}
			w.must(ada.token, unlinkProviders, variables{"id": who.id})
			if got := w.enter(provider, person("2", who.email)); got.id != who.id {
				t.Errorf("after the account was unlinked, somebody else gets %+v", got)
			}
		}
		// A user's address is no customer's.
		w.turnedAway("shop", person("7", uma.email), anon)
	})
}

// bindings returns how many identities are bound to an account.
func (s *server) bindings(of account) int {
	s.t.Helper()
	n, err := s.store.Count(s.t.Context(), db.ProviderAccounts.Collection, store.Eq("account", of.id))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// ssoAttack is a try to get in with what isn't right. It is refused with a code, at a path of the input if that isn't empty.
type ssoAttack struct {
	input      variables
	code, path string
}

// TestProviderLogInAttacks uses answers that are for something else, forged, used or old.
func TestProviderLogInAttacks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := newSSOWorld(s, db.Options{})
		ada := w.signUpUser("Ada")
		uma := w.hire(ada, "Uma")
		me := person("1", uma.email)
		with1 := func(in variables, name, value string) variables {
			in = maps.Clone(in)
			in[name] = value
			return in
		}
		replayed := w.visit("corp", me)
		w.must("", completeAtProvider, variables{"in": replayed})
		past := w.db.ForDemo(func() time.Time { return time.Now().Add(-11 * time.Minute).UTC().Truncate(time.Millisecond) },
			func(p db.Passwords) db.Passwords { return p })
		expired, err := past.StartProviderLogIn(t.Context(), "corp", db.KindUser)
		if err != nil {
			t.Fatal(err)
		}
		expiredCode, expiredState := w.providers["corp"].LogIn(t, expired.Address, me)
		w.enrol(ada)
		// Mix-up: the attacker's provider hr has the client bring a code of corp in an attempt at hr, or the other way round.
		mixed, other := w.visit("corp", me), w.visit("hr", claiming(me, claims{"groups": "crm-admins"}))
		for name, attack := range map[string]ssoAttack{
			"a code that was used":              {replayed, bad, "input.code"},
			"a code of another provider":        {with1(mixed, "code", other["code"].(string)), bad, "input.code"},
			"an attempt at another provider":    {with1(mixed, "attempt", other["attempt"].(string)), bad, "input.state"},
			"an answer that names another":      {with1(w.visit("corp", me), "iss", w.providers["hr"].URL), bad, "input.iss"},
			"a token of another issuer":         {w.visit("corp", claiming(me, claims{"iss": w.providers["hr"].URL})), anon, ""},
			"a token with another nonce":        {w.visit("corp", claiming(me, claims{"nonce": "another"})), anon, ""},
			"a token without a nonce":           {w.visit("corp", claiming(me, claims{"nonce": ""})), anon, ""},
			"a token for another client":        {w.visit("corp", claiming(me, claims{"aud": "another"})), anon, ""},
			"a token that another client asked": {w.visit("corp", claiming(me, claims{"aud": []string{oidctest.ClientID, "another"}, "azp": "another"})), anon, ""},
			"a token that has expired":          {w.visit("corp", claiming(me, claims{"exp": time.Now().Add(-time.Minute).Unix()})), anon, ""},
			"a token about nobody":              {w.visit("corp", claiming(me, claims{"sub": nil})), anon, ""},
			"another state":                     {with1(w.visit("corp", me), "state", "another"), bad, "input.state"},
			"no state":                          {with1(w.visit("corp", me), "state", ""), bad, "input.state"},
			"another code":                      {with1(w.visit("corp", me), "code", "another"), bad, "input.code"},
			"the code of another attempt":       {with1(w.visit("corp", me), "code", w.visit("corp", me)["code"].(string)), bad, "input.code"},
			"an old attempt":                    {variables{"attempt": expired.Token, "state": expiredState, "code": expiredCode}, bad, "input.attempt"},
			"a forged attempt":                  {with1(w.visit("corp", me), "attempt", "AAAA"), bad, "input.attempt"},
			"a challenge as an attempt":         {with1(w.visit("corp", me), "attempt", w.challenge(ada)), bad, "input.attempt"},
		} {
			a := w.ask("", completeAtProvider, variables{"in": attack.input})
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != attack.code ||
				attack.path != "" && (len(a.Errors[0].Extensions.Fields) != 1 || a.Errors[0].Extensions.Fields[0].Path != attack.path) {
				t.Errorf("%s: got %s, want %s at %q", name, a.raw, attack.code, attack.path)
			}
			if secret, _ := attack.input["code"].(string); strings.Contains(a.raw, secret) && secret != "" || strings.Contains(a.raw, oidctest.ClientSecret) {
				t.Errorf("%s: the answer has a secret: %s", name, a.raw)
			}
		}
		w.refused("", startAtProvider, variables{"provider": "corp", "audience": "CUSTOMER"}, bad)
		w.refused("", startAtProvider, variables{"provider": "oidc", "audience": "USER"}, bad)
		if got := w.enter("corp", me); got.id != uma.id {
			t.Errorf("after the attacks, the log-in gets %+v", got)
		}
	})
}

// TestDishonestProviders has tokens signed with what isn't the provider's key, and providers that don't say who they are or don't answer.
func TestDishonestProviders(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	w := newSSOWorld(s, db.Options{})
	ada := w.signUpUser("Ada")
	corp := w.providers["corp"]
	w.enter("corp", person("1", ada.email))
	for name, forged := range map[string]struct {
		method jwt.SigningMethod
		key    any
	}{
		"none":                      {jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType},
		"HS256 with the secret":     {jwt.SigningMethodHS256, []byte(oidctest.ClientSecret)},
		"RS256 with another's key":  {jwt.SigningMethodRS256, w.providers["hr"].PrivateKey()},
		"RS512, which wasn't named": {jwt.SigningMethodRS512, nil},
	} {
		corp.Method, corp.Key = forged.method, forged.key
		if a := w.ask("", completeAtProvider, variables{"in": w.visit("corp", person("1", ada.email))}); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != anon {
			t.Errorf("%s: got %s", name, a.raw)
		}
	}
	corp.Method, corp.Key = jwt.SigningMethodRS256, nil
	w.enter("corp", person("1", ada.email))

	// A provider that names itself in its answers has to, and a code isn't sent to another one: it can still be used afterwards.
	w.providers["hr"].NamesItself = true
	named := w.visit("hr", claiming(person("1", ada.email), claims{"groups": "crm-admins"}))
	w.refused("", completeAtProvider, variables{"in": named}, bad)
	named["iss"] = corp.URL
	w.refused("", completeAtProvider, variables{"in": named}, bad)
	named["iss"] = w.providers["hr"].URL
	w.must("", completeAtProvider, variables{"in": named})

	begun := w.visit("corp", person("1", ada.email))
	corp.Fail(true)
	if p := w.refused("", completeAtProvider, variables{"in": begun}, "UNAVAILABLE"); strings.Contains(p.Message, "out of order") {
		t.Errorf("a provider that is out of order gives %+v", p)
	}
	corp.Fail(false)
	w.enter("corp", person("1", ada.email))
	w.providers["shop"].Fail(true)
	w.refused("", startAtProvider, variables{"provider": "shop", "audience": "CUSTOMER"}, "UNAVAILABLE")

	// Failed log-ins are limited for each network, and others aren't.
	for range 200 {
		a := w.ask("", completeAtProvider, variables{"in": variables{"attempt": "none", "state": "none", "code": "none"}})
		if a.Errors[0].Extensions.Code == "RATE_LIMITED" {
			w.passTime(16 * time.Minute)
			w.enter("corp", person("1", ada.email))
			return
		}
	}
	t.Error("failed log-ins aren't limited")
}
