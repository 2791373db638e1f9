package resolvers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// TestProviderAccounts follows accounts that are taken over, created, given roles and deactivated by what providers say.
func TestProviderAccounts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := newSSOWorld(s, db.Options{})
		ada := w.signUpUser("Ada")
		for name, scenario := range map[string]func(w *ssoWorld, ada account){
			"squatters": squattedAccounts, "later squatters": reboundAccount, "creation": createdAccounts, "roles": rolesOfProvider,
			"deactivation": deactivatedAccount, "second factor": secondFactorAtProvider, "claim": claimedRecord, "mailed link": mailedLinkUnlinks,
		} {
			t.Run(name, func(t *testing.T) { scenario(&ssoWorld{w.in(t), w.providers}, ada) })
		}
	})
}

// squattedAccounts gives accounts to the owners of addresses that others signed up with.
func squattedAccounts(w *ssoWorld, ada account) {
	squatter := w.signUpCustomer("Vic")
	w.enrol(squatter)
	got := w.enter("shop", person("v", squatter.email))
	if got.id != squatter.id || w.alive(squatter) || !w.alive(got) {
		w.t.Errorf("the owner gets %+v; the squatter's session lasts: %v", got, w.alive(squatter))
	}
	if _, ok := w.logInAs(squatter, password); ok {
		w.t.Error("the squatter's password still works")
	}
	if a := w.must(got.token, `{ twoFactor { enabledAt } viewer { ... on Customer { emailVerified canLogIn } } }`, nil); a.at("twoFactor.enabledAt") != nil ||
		a.at("viewer.emailVerified") != true || a.at("viewer.canLogIn") != true {
		w.t.Errorf("the owner's account is %s", a.raw)
	}
	user := w.hire(ada, "Sam")
	_, key := w.createKey(user, variables{"name": "sync"})
	w.enter("corp", person("s", user.email))
	if a := w.ask(key, `{ latestSeq }`, nil); a.Status != 401 {
		w.t.Errorf("the squatter's API key gets %s", a.raw)
	}
	// What the owner does afterwards stays.
	verified := w.enter("corp", person("s", user.email))
	_, key = w.createKey(verified, variables{"name": "sync"})
	w.enter("corp", person("s", user.email))
	w.must(key, `{ latestSeq }`, nil)
}

// reboundAccount is of somebody who has an account with a provider, and then changes its address to a victim's.
func reboundAccount(w *ssoWorld, ada account) {
	attacker := w.enter("club", person("mallory", "mallory@example.net"))
	w.must(ada.token, `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "victim@example.net"}) { customer { id } } }`, variables{"id": attacker.id})
	w.turnedAway("club", person("victim", "victim@example.net"), anon)
	if got := w.enter("shop", person("victim", "victim@example.net")); got.id != attacker.id || w.alive(attacker) {
		w.t.Errorf("the victim gets %+v; the attacker's session lasts: %v", got, w.alive(attacker))
	}
	if other := w.enter("club", person("mallory", "mallory@example.net")); other.id == attacker.id {
		w.t.Error("the attacker gets the victim's account")
	}
}

// mailedLinkUnlinks gives an account whose address isn't verified to whoever has a link that was mailed there, and not to a person at a
// provider who had it before.
func mailedLinkUnlinks(w *ssoWorld, ada account) {
	attacker := w.enter("club", person("eve", "eve@example.net"))
	w.must(ada.token, `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "link@example.net"}) { customer { id } } }`, variables{"id": attacker.id})
	w.must("", requestSignUp, variables{"email": "link@example.net"})
	got := w.must("", completeSignUp, variables{"token": w.mailedToken(account{id: attacker.id}), "password": nextPassword})
	if got.text("completeSignUp.customer.id") != attacker.id || w.alive(attacker) || w.bindings(attacker) != 0 {
		w.t.Errorf("the victim gets %s; the attacker's session lasts: %v, with %d identities", got.raw, w.alive(attacker), w.bindings(attacker))
	}
}

// TestUndoUnlinksProviders takes an account back from a thief who has linked it to theirs at a provider.
func TestUndoUnlinksProviders(t *testing.T) {
	t.Parallel()
	w := newSSOWorld(serve(t, openSQLite(t), db.Options{}), db.Options{RequireVerifiedEmail: true})
	uma := w.hire(w.signUpUser("Ada"), "Uma")
	w.verify(uma)
	uma = w.enter("corp", person("uma", uma.email))
	uma.email = "uma@example.com"
	_, undo := w.changes(uma, "thief@evil.example")
	if thief := w.enter("hr", claiming(person("thief", "thief@evil.example"), claims{"groups": "crm-users"})); thief.id != uma.id {
		t.Fatalf("the thief gets %+v", thief)
	}
	w.must("", undoChange, variables{"token": undo, "password": nextPassword})
	if n := w.bindings(uma); n != 1 {
		t.Errorf("%d identities are bound", n)
	}
	if again := w.enter("corp", person("uma", "uma@example.com")); again.id != uma.id {
		t.Errorf("the owner gets %+v", again)
	}
}

// createdAccounts creates accounts, only where the operator wants that.
func createdAccounts(w *ssoWorld, _ account) {
	p := w.turnedAway("shop", person("n", "new@example.net"), anon)
	if !strings.Contains(p.Message, "ask an administrator") {
		w.t.Errorf("got %+v", p)
	}
	w.turnedAway("corp", person("n", "new@example.net"), anon)
	w.turnedAway("club", claiming(person("n", "new@example.net"), claims{"email_verified": false}), anon)
	w.turnedAway("club", claiming(person("n", "new"), claims{"email_verified": true}), anon)
	made := w.enter("club", claiming(person("n", "New@Example.net"), claims{"name": " Nel \u202eNew "}))
	const who = `{ viewer { ... on Customer { name email emailVerified } ... on User { name email emailVerified role } } }`
	if a := w.must(made.token, who, nil); a.text("viewer.name") != "Nel New" || a.text("viewer.email") != "New@Example.net" || a.at("viewer.emailVerified") != true {
		w.t.Errorf("the new customer is %s", a.raw)
	}
	if again := w.enter("club", person("n", "new@example.net")); again.id != made.id {
		w.t.Errorf("they log in again as %+v", again)
	}
	if _, ok := w.logInAs(account{id: made.id, email: "new@example.net"}, password); ok {
		w.t.Error("an account without a password accepts one")
	}
	if _, ok := w.logInAs(account{id: made.id, email: "new@example.net"}, ""); ok {
		w.t.Error("an account without a password accepts an empty one")
	}
	user := w.enter("hr", claiming(person("n", "new@example.net"), claims{"groups": []string{"crm-users"}, "name": strings.Repeat("x", 500)}))
	if a := w.must(user.token, who, nil); a.text("viewer.role") != "USER" || a.text("viewer.name") != "new@example.net" {
		w.t.Errorf("the new user is %s", a.raw)
	}
	accounts := make([]account, 5)
	inputs := make([]variables, len(accounts))
	for i := range inputs {
		inputs[i] = w.visit("club", person("twice", "twice@example.net"))
	}
	atOnce(len(accounts), func(i int) {
		if a := w.ask("", completeAtProvider, variables{"in": inputs[i]}); len(a.Errors) == 0 {
			accounts[i] = entered(a)
		}
	})
	ids := map[string]bool{}
	for _, a := range accounts {
		if a.id != "" {
			ids[a.id] = true
		}
	}
	if len(ids) != 1 || w.bindings(w.enter("club", person("twice", "twice@example.net"))) != 1 {
		w.t.Errorf("log-ins at once create %v", ids)
	}
}

// rolesOfProvider gives users the role that their provider says, except that the last admin stays one.
func rolesOfProvider(w *ssoWorld, ada account) {
	groups := func(subject string, names ...string) claims {
		return claiming(person(subject, subject+"@example.com"), claims{"groups": names})
	}
	roleOf := func(a account) string {
		w.t.Helper()
		return w.must(a.token, `{ viewer { ... on User { role } } }`, nil).text("viewer.role")
	}
	w.turnedAway("hr", groups("rita"), anon)
	w.turnedAway("hr", groups("rita", "sales"), anon)
	rita := w.enter("hr", groups("rita", "crm-admins", "sales"))
	if role := roleOf(rita); role != "ADMIN" {
		w.t.Errorf("the new user is %s", role)
	}
	if again := w.enter("hr", groups("rita", "crm-users")); roleOf(again) != "USER" || roleOf(rita) != "USER" {
		w.t.Errorf("without the group, the role is %s, in the former session %s", roleOf(again), roleOf(rita))
	}
	if kinds := w.kindsOfEvents(rita); !strings.Contains(kinds, "ROLE_CHANGED") {
		w.t.Errorf("the security events are %s", kinds)
	}
	w.turnedAway("hr", groups("rita", "sales"), anon)
	rita = w.enter("hr", groups("rita", "crm-admins"))
	// An admin who logs in with a provider can replace the last one.
	const update = `mutation($id: ID!, $role: Role!) { updateUser(input: {id: $id, role: $role}) { user { role } } }`
	w.must(rita.token, update, variables{"id": ada.id, "role": "USER"})
	if again := w.enter("hr", groups("rita", "crm-users")); roleOf(again) != "ADMIN" {
		w.t.Errorf("the last admin is %s", roleOf(again))
	}
	w.refused(rita.token, unlinkProviders, variables{"id": rita.id}, conflict)
	w.must(rita.token, update, variables{"id": ada.id, "role": "ADMIN"})
	if again := w.enter("hr", groups("rita", "crm-users")); roleOf(again) != "USER" {
		w.t.Errorf("the admin stays %s", roleOf(again))
	}
}

func deactivatedAccount(w *ssoWorld, ada account) {
	bound, unbound := w.hire(ada, "Don"), w.hire(ada, "Dot")
	w.enter("corp", person("don", bound.email))
	for _, who := range []account{bound, unbound} {
		w.must(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`, variables{"id": who.id})
	}
	want := w.turnedAway("corp", person("x", "nobody@example.com"), anon)
	for subject, who := range map[string]account{"don": bound, "dot": unbound} {
		if p := w.turnedAway("corp", person(subject, who.email), anon); p.Message != want.Message {
			w.t.Errorf("a deactivated account gives %q, none %q", p.Message, want.Message)
		}
	}
	if w.bindings(unbound) != 0 {
		w.t.Error("a deactivated account is bound")
	}
	w.must(ada.token, `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`, variables{"id": bound.id})
	if w.bindings(bound) != 0 {
		w.t.Error("a deleted account is bound")
	}
}

// secondFactorAtProvider logs in to an account that has a second factor.
func secondFactorAtProvider(w *ssoWorld, ada account) {
	uma := w.hire(ada, "Ute")
	w.verifiedBy(uma)
	secret, _ := w.enrol(uma)
	got := w.must("", completeAtProvider, variables{"in": w.visit("corp", person("ute", uma.email))})
	challenge := got.text("completeProviderLogIn.challenge.token")
	if got.at("completeProviderLogIn.tokens") != nil || got.at("completeProviderLogIn.viewer") != nil || challenge == "" {
		w.t.Fatalf("with a second factor, the log-in gets %s", got.raw)
	}
	w.refused("", completeLogIn, variables{"challenge": challenge, "code": "123456"}, bad)
	done := w.must("", completeLogIn, variables{"challenge": challenge, "code": codeAt(w.t, secret, 30*time.Second)})
	if done.text("completeLogIn.viewer.id") != uma.id {
		w.t.Errorf("the second step gets %s", done.raw)
	}
	// Unlinking ends what has begun.
	w.must(ada.token, unlinkProviders, variables{"id": uma.id})
	w.refused("", completeLogIn, variables{"challenge": challenge, "code": codeAt(w.t, secret, 30*time.Second)}, bad)
}

// verifiedBy makes an account's address count as verified.
func (s *server) verifiedBy(a account) {
	s.t.Helper()
	c := db.Users
	if strings.HasPrefix(a.id, string(db.KindCustomer)) {
		c = db.Customers
	}
	set := []store.Assignment{{Field: "unverified_since", Value: nil}}
	if err := s.store.Update(s.t.Context(), c.Collection, idOf(s.t, a.id), store.Filter{}, set); err != nil {
		s.t.Fatal(err)
	}
}

// claimedRecord gives a customer the record that the staff have entered, with an invitation that has become pointless.
func claimedRecord(w *ssoWorld, ada account) {
	id := w.must(ada.token, `mutation { createCustomer(input: {name: "Rex", email: "rex@example.net"}) { customer { id } } }`, nil).text("createCustomer.customer.id")
	w.must(ada.token, inviteCustomer, variables{"id": id})
	token := w.mailedToken(account{id: id})
	if got := w.enter("shop", person("rex", "rex@example.net")); got.id != id {
		w.t.Errorf("the customer gets %+v", got)
	}
	w.tokenRefused(acceptInvitation, token)
	w.refused(ada.token, inviteCustomer, variables{"id": id}, bad)
	// Characters that only count as the same aren't enough.
	w.signUpCustomer("Straffe")
	w.turnedAway("shop", person("f", "stra\ufb00e@example.org"), anon)
	w.turnedAway("club", person("f", "stra\ufb00e@example.org"), anon)
	// The same person at two providers has one account.
	other := w.enter("club", person("other", "rex@example.net"))
	if other.id != id || w.bindings(other) != 2 || !slices.Contains(strings.Fields(w.kindsOfEvents(other)), "PROVIDER_LINKED") {
		w.t.Errorf("at another provider, the customer gets %+v", other)
	}
}
