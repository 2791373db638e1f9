package resolvers_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// phones are telephone numbers as people write them. All but the last two are the same number.
var phones = []string{
	"+49 30 1234567", "(+49) 30 1234567", "030 1234567 ext. 12", "030 1234567 x12", "030 1234567 #12", "030\u00a01234567", "030\u20111234\u2013567",
	"０３０ １２３４５６７", "٠٣٠ ١٢٣٤٥٦٧", "030 1234567 (privat)", "+49 (0)30/1234567", "\u202a0049 30 1234567\u202c", "+1 415 555 2671", "110",
}

// TestPhones checks that telephone numbers are kept as they were written, and found by their digits, on a server in Germany.
func TestPhones(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		s = serve(t, s.store, db.Options{Keys: textkey.New("DE", textkey.Collation{})})
		admin := s.signUpUser("Rohan")
		for i, phone := range append([]string{""}, phones...) {
			a := s.must(admin.token, `mutation($in: CreateCustomerInput!) { createCustomer(input: $in) { customer { phone phoneNumber } } }`,
				variables{"in": variables{"name": fmt.Sprint(i), "email": fmt.Sprintf("c%d@example.org", i), "phone": phone}})
			var want, number any
			switch {
			case phone == "":
			case i == len(phones)-1:
				want, number = phone, "+14155552671"
			case i == len(phones):
				want = phone
			default:
				want, number = bidi.Replace(phone), "+49301234567"
			}
			if got := a.at("createCustomer.customer"); fmt.Sprint(got) != fmt.Sprint(map[string]any{"phone": want, "phoneNumber": number}) {
				t.Errorf("%q is stored as %v", phone, got)
			}
		}
		for where, want := range map[string]int{
			`{contains: "49301234"}`: 12, `{contains: "+49 (0)30 1234"}`: 12, `{contains: "0301234567"}`: 12, `{contains: "٣٠١٢٣٤"}`: 12, `{contains: "privat"}`: 1,
			`{eq: "+49301234567"}`: 12, `{eq: "030-1234567"}`: 12, `{eq: "0049 30 1234567"}`: 12, `{eq: "1234567"}`: 0, `{eq: "030 1234567 x12"}`: 3, `{eq: "110"}`: 1,
			`{startsWith: "+49 30"}`: 12, `{startsWith: "030"}`: 12, `{startsWith: "12"}`: 0, `{startsWith: "415"}`: 1, `{ne: "030 1234567"}`: 3,
			`{in: ["110", "+1 (415) 555-2671"]}`: 2, `{notIn: ["110"]}`: 14, `{isNull: true}`: 1, `{isNull: false}`: 14, `{in: []}`: 0, `{notIn: []}`: 15,
		} {
			if got := s.must(admin.token, `{ customers(where: {phone: `+where+`}) { totalCount } }`, nil).at("customers.totalCount"); got != float64(want) {
				t.Errorf("%s finds %v, want %d", where, got, want)
			}
		}
		for _, test := range [][2]string{{`{contains: "30"}`, "phone.contains"}, {`{startsWith: "1"}`, "phone.startsWith"}, {`{contains: ""}`, "phone.contains"}, {`{in: ["+"]}`, ""}} {
			a := s.ask(admin.token, `{ customers(where: {phone: `+test[0]+`}) { totalCount } }`, nil)
			if test[1] != "" {
				s.wantProblem(a, store.BadInput, "where."+test[1], "must have at least")
			}
		}
	})
}

// TestRegionChanges checks that existing documents get keys for the region that the operator sets, once.
func TestRegionChanges(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		ids := make([]string, 30)
		for i := range ids {
			ids[i] = s.signUpCustomer(fmt.Sprintf("C%d", i)).id
			s.must(admin.token, `mutation($id: ID!, $phone: String) { updateCustomer(input: {id: $id, phone: $phone}) { customer { id } } }`,
				variables{"id": ids[i], "phone": fmt.Sprintf("030 12345%02d", i)})
		}
		found := func(s *server) any {
			return s.must(admin.token, `{ customers(where: {phone: {contains: "493012345"}}) { totalCount } }`, nil).at("customers.totalCount")
		}
		if n := found(s); n != 0.0 {
			t.Errorf("without a region, %v customers have an international number", n)
		}
		german := serve(t, s.store, db.Options{Keys: textkey.New("DE", textkey.Collation{})})
		for range 2 {
			if err := german.db.Upgrade(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
			if n := found(german); n != 30.0 {
				t.Errorf("after a start with a region, %v customers have an international number, want 30", n)
			}
		}
		id, err := db.ParseID(db.KindCustomer, ids[7])
		if err != nil {
			t.Fatal(err)
		}
		customer, err := german.db.Customers.Get(t.Context(), auth.SystemScope(), id)
		if err != nil || customer.PhoneNumber == nil || *customer.PhoneNumber != "+49301234507" || customer.Version != 2 {
			t.Errorf("the customer is now %+v, %v", customer, err)
		}
	})
}

// TestSpacesAroundAddresses pastes an address with spaces around it wherever the API takes one.
func TestSpacesAroundAddresses(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		const pasted = "\u00a0 Ada@Example.com \t\u200b"
		input := variables{"name": "Ada", "email": pasted, "password": password}
		a := s.mutate("", "signUpUser", input, "user { email } tokens { accessToken }")
		token := a.text("signUpUser.tokens.accessToken")
		if email := a.text("signUpUser.user.email"); email != "Ada@Example.com" {
			t.Errorf("the address is stored as %q", email)
		}
		for mutation, object := range map[string]string{"signUpCustomer": "customer", "createCustomer": "customer", "createUser": "user"} {
			in := with(input, variables{"email": " " + mutation + "@example.com\n"})
			if object == "user" {
				in["role"] = "USER"
			}
			if email := s.mutate(token, mutation, in, object+" { email }").text(mutation + "." + object + ".email"); email != mutation+"@example.com" {
				t.Errorf("%s stores the address %q", mutation, email)
			}
		}
		for _, query := range []string{
			`query($a: EmailAddress!) { user(by: {email: $a}) { name } }`, `mutation($a: EmailAddress!) { logInUser(input: {email: $a, password: "` + password + `"}) { user { id } } }`,
		} {
			s.must(token, query, variables{"a": pasted})
		}
		for _, operator := range []string{"eq", "contains", "startsWith"} {
			got := s.must(token, `query($a: String) { users(where: {email: {`+operator+`: $a}}) { totalCount } }`, variables{"a": " ada@example.com\u200b"})
			if n := got.at("users.totalCount"); n != 1.0 {
				t.Errorf("%s finds %v users", operator, n)
			}
		}
	})
}

var bidi = strings.NewReplacer("\u202a", "", "\u202c", "")
