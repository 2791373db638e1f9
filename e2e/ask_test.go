package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// answer is a response of the API.
type answer struct {
	status int
	raw    string
	Data   map[string]any
	Errors []struct{ Extensions struct{ Code string } }
}

// variables are the variables of an operation.
type variables map[string]any

// ask sends an operation, with a token unless that is empty. Its error means that no complete response arrived.
func (p *process) ask(token, query string, vars variables) (answer, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequest(http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	return readAnswer(response)
}

func readAnswer(response *http.Response) (answer, error) {
	raw, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, raw: string(raw)}
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return a, err
}

// must sends an operation that must succeed.
func (p *process) must(token, query string, vars variables) answer {
	p.t.Helper()
	a, err := p.ask(token, query, vars)
	if err != nil || a.status != http.StatusOK || len(a.Errors) > 0 {
		p.t.Fatalf("%s\nfailed: %v %s", query, err, a.raw)
	}
	return a
}

// code returns the code of the response's error, or "" if there isn't exactly one.
func (a answer) code() string {
	if len(a.Errors) != 1 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

// at returns the value at a dot-separated path; numbers are indexes of lists.
func (a answer) at(path string) any {
	var found any = a.Data
	for key := range strings.SplitSeq(path, ".") {
		switch in := found.(type) {
		case map[string]any:
			found = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(in) {
				return nil
			}
			found = in[i]
		}
	}
	return found
}

func (a answer) text(path string) string {
	text, _ := a.at(path).(string)
	return text
}

// The operations of these tests.
const (
	signUp = `mutation {
		signUpUser(input: {name: "Asha", email: "asha@crm.example", password: "correct horse"}) { tokens { accessToken refreshToken } } }`
	logIn = `mutation($email: EmailAddress!, $password: String!) {
		logInUser(input: {email: $email, password: $password}) { user { name role } tokens { accessToken } } }`
	createCustomer = `mutation {
		createCustomer(input: {name: "Carl", email: "carl@customer.example"}) { customer { id } } }`
	createInteraction = `mutation($customer: ID!, $title: String!) {
		createInteraction(input: {customerId: $customer, title: $title, startTime: "2050-08-27T20:03:00Z"}) {
			interaction { id } } }`
	updateInteraction = `mutation($id: ID!, $title: String!) {
		updateInteraction(input: {id: $id, title: $title}) { interaction { title } } }`
	createTicket = `mutation($id: ID!, $description: String!) {
		createTicket(input: {interactionId: $id, description: $description}) { ticket { id } } }`
	refresh = `mutation($token: String!) {
		refresh(input: {refreshToken: $token}) { tokens { accessToken refreshToken } } }`
	addNote = `mutation($id: ID!, $body: String!) { addTicketNote(input: {ticketId: $id, body: $body}) { message { id } } }`
	viewer  = `{ viewer { ... on User { name role } } }`
)

// setupToken finds the token in the greeting.
var setupToken = regexp.MustCompile(`setupToken: "[0-9a-f]{64}"`)

// withSetupToken adds the server's token to signUp, for a client that the server takes for one on another machine.
func (p *process) withSetupToken(signUp string) string {
	return strings.Replace(signUp, "password:", setupToken.FindString(read(p.t, p.out))+" password:", 1)
}

// populate creates an admin and a customer.
func populate(p *process) (token, customer string) {
	p.t.Helper()
	admin, customer := populateSession(p)
	return admin.access, customer
}

// logInAs logs in as a user.
func logInAs(p *process, email, password string) (token string) {
	p.t.Helper()
	return p.must("", logIn, variables{"email": email, "password": password}).text("logInUser.tokens.accessToken")
}

func create(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
