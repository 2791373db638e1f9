package oidc_test

import (
	"slices"
	"strings"
	"testing"

	"crm/auth/oidc"
	"crm/auth/oidc/oidctest"
	"crm/config"
)

// problems returns what is wrong with variables.
func problems(publicURL string, variables ...string) string {
	var c oidc.Config
	config.Read(config.Declaration{{Settings: c.NameSettings()}}, variables, "none")
	values := config.Read(config.Declaration{{Title: "Single sign-on", Prefix: "OIDC_", Settings: c.Settings()}}, variables, "none")
	c.Check(publicURL, values.Wrong)
	text := strings.Join(values.Warnings(), "\n")
	if err := values.Err(); err != nil {
		text += err.Error()
	}
	return text
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	const front = "https://crm.example.com"
	good := []string{"OIDC_ISSUER=https://accounts.google.com", "OIDC_CLIENT_ID=crm"}
	for name, test := range map[string]struct {
		publicURL string
		variables []string
		want      string
	}{
		"nothing":                      {"", nil, ""},
		"one provider":                 {front, good, ""},
		"on this machine":              {front, []string{"OIDC_ISSUER=http://127.0.0.1:8081/realms/x", "OIDC_CLIENT_ID=crm"}, ""},
		"no front end":                 {"", good, "PUBLIC_URL: must be set"},
		"no issuer":                    {front, []string{"OIDC_CLIENT_ID=crm"}, "OIDC_ISSUER: must be set"},
		"no client":                    {front, good[:1], "OIDC_CLIENT_ID: must be set"},
		"an unprotected issuer":        {front, []string{"OIDC_ISSUER=http://hunter2.example.com", "OIDC_CLIENT_ID=crm"}, "OIDC_ISSUER: must be the provider's https address"},
		"an issuer with a query":       {front, []string{"OIDC_ISSUER=https://hunter2.example.com?x", "OIDC_CLIENT_ID=crm"}, "OIDC_ISSUER: must be the provider's https address"},
		"no issuer at all":             {front, []string{"OIDC_ISSUER=hunter2", "OIDC_CLIENT_ID=crm"}, "OIDC_ISSUER: must be the provider's https address"},
		"nobody":                       {front, append(good, "OIDC_STAFF=false"), "OIDC_STAFF: must be true unless"},
		"new accounts of unknown kind": {front, append(good, "OIDC_CUSTOMERS=true", "OIDC_CREATE=true"), "OIDC_CREATE: can't tell users from customers"},
		"values without a claim":       {front, append(good, "OIDC_ADMIN_VALUES=x"), "OIDC_ADMIN_VALUES: needs"},
		"a claim without values":       {front, append(good, "OIDC_ROLE_CLAIM=groups"), "OIDC_ROLE_CLAIM: needs"},
		"scopes without openid":        {front, append(good, "OIDC_SCOPES=email"), "OIDC_SCOPES: must contain openid"},
		"a fragment":                   {front, append(good, "OIDC_REDIRECT_PATH=/#/log-in"), "OIDC_REDIRECT_PATH: must begin with /"},
		"another brace":                {front, append(good, "OIDC_REDIRECT_PATH=/{name}"), "OIDC_REDIRECT_PATH: must begin with /"},
		"names":                        {front, []string{"OIDC_PROVIDERS=corp,a_b"}, "OIDC_PROVIDERS: must be different names"},
		"a name twice":                 {front, []string{"OIDC_PROVIDERS=corp,corp"}, "OIDC_PROVIDERS: must be different names"},
		"a named one without settings": {front, []string{"OIDC_PROVIDERS=corp"}, "OIDC_CORP_ISSUER: must be set"},
		"settings of another one": {front, []string{"OIDC_PROVIDERS=corp", "OIDC_CORP_ISSUER=https://id.example.com", "OIDC_CORP_CLIENT_ID=crm", "OIDC_SHOP_ISSUER=x"},
			"OIDC_SHOP_ISSUER is not a setting"},
	} {
		got := problems(test.publicURL, test.variables...)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// TestSeveralProviders reads two providers, and sends somebody to each.
func TestSeveralProviders(t *testing.T) {
	t.Parallel()
	corp, shop := oidctest.Start(t), oidctest.Start(t)
	variables := slices.Concat([]string{
		"OIDC_PROVIDERS=corp, shop", "OIDC_REDIRECT_PATH=/back/{provider}", "OIDC_CORP_LABEL=Our own", "OIDC_SHOP_STAFF=false", "OIDC_SHOP_CUSTOMERS=true",
		"OIDC_SHOP_SCOPES=openid, email",
	}, corp.Environment("OIDC_CORP_"), shop.Environment("OIDC_SHOP_"))
	providers := oidctest.Providers(t, "https://crm.example.com/app", variables...)
	if len(providers) != 2 || providers[0].Label != "Our own" || providers[1].Label != "Shop" {
		t.Fatalf("the providers are %+v", providers)
	}
	for i, want := range []struct {
		staff, customers bool
		address          []string
	}{
		{true, false, []string{corp.URL + "/authorize?", "redirect_uri=https%3A%2F%2Fcrm.example.com%2Fapp%2Fback%2Fcorp", "scope=openid+email+profile"}},
		{false, true, []string{shop.URL + "/authorize?", "redirect_uri=https%3A%2F%2Fcrm.example.com%2Fapp%2Fback%2Fshop", "scope=openid+email&"}},
	} {
		if providers[i].Serves(true) != want.staff || providers[i].Serves(false) != want.customers {
			t.Errorf("%s serves %v, %v", providers[i].Name, providers[i].Serves(true), providers[i].Serves(false))
		}
		proof := oidc.NewProof()
		address, err := providers[i].Address(t.Context(), proof)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range append(want.address, "code_challenge_method=S256", "state="+proof.State, "nonce="+proof.Nonce, "response_type=code") {
			if !strings.Contains(address, part) {
				t.Errorf("the address %s lacks %s", address, part)
			}
		}
		if strings.Contains(address, proof.Verifier) || strings.Contains(address, "secret") {
			t.Errorf("the address %s has a secret", address)
		}
	}
	if _, ok := providers.Find("oidc"); ok {
		t.Error("there is a provider without a name")
	}
}
