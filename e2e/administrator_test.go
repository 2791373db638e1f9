package e2e_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crm/db/mongo/mongotest"
)

// TestAdministratorsPath goes the way of a company that begins with the binary alone and outgrows it: a first admin, mail, a
// backup that is restored on another machine, a move to MongoDB, two servers there, and metrics.
func TestAdministratorsPath(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	mailbox := openMailServer(t, func() {})
	endsReading(t, first, nil, "correct horse\n", 0, "create-admin", "asha@crm.example", "Asha")
	p := serve(t, first, mailbox.settings()...)
	token := logInAs(p, "asha@crm.example", "correct horse")
	customer := p.must(token, createCustomer, nil).text("createCustomer.customer.id")
	meeting := p.must(token, createInteraction, variables{"customer": customer, "title": "Demo"}).text("createInteraction.interaction.id")
	p.must(token, createTicket, variables{"id": meeting, "description": "It is slow"})
	eventually(t, "the customer has mail", func() bool {
		return slices.ContainsFunc(mailbox.inbox(), func(m message) bool { return m.to == "carl@customer.example" })
	})
	want := withoutCost(p.must(token, list, nil).raw)

	file := filepath.Join(first, "backup")
	ends(t, first, nil, 0, "backup", file, "--keys")
	p.stop()
	ends(t, second, nil, 0, "restore", file)
	if out, _ := ends(t, second, nil, 0, "check"); out == "" {
		t.Error("the check says nothing")
	}
	uri := databaseURI(t, mongotest.Database(t).Name())
	ends(t, second, nil, 0, "move", "--to", uri)

	settings := append([]string{"MONGO_URI=" + uri, "METRICS_ADDR=127.0.0.1:0"}, keyFiles(second)...)
	one, other := serve(t, second, settings...), serve(t, second, settings...)
	for _, server := range []*process{one, other} { // the access token of before the backup is still good
		if got := withoutCost(server.must(token, list, nil).raw); got != want {
			t.Errorf("after the move, a server answers\n%s\nnot\n%s", got, want)
		}
		if status, body := server.get("/readyz", ""); status != 200 {
			t.Errorf("a server is not ready: %s", body)
		}
	}
	one.must(token, createTicket, variables{"id": meeting, "description": "It is slow again"})
	if got := other.must(token, list, nil).raw; !strings.Contains(got, "It is slow again") {
		t.Errorf("the other server answers %s", got)
	}
	found := metricsURL.FindStringSubmatch(read(t, one.out))
	if found == nil {
		t.Fatalf("the greeting is\n%s", read(t, one.out))
	}
	if _, metrics := scrape(t, found[1], ""); !strings.Contains(metrics, `crm_operations_total{kind="mutation"`) {
		t.Errorf("the metrics are\n%s", metrics)
	}
}
