package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
)

// ticketWriter changes tickets on a meeting in sequence. The texts of all changes differ.
type ticketWriter struct {
	name, token, meeting string
	sent                 int
	// ticket is the ticket to change, and changed counts its changes.
	ticket  string
	changed int
	// acknowledged are the texts of acknowledged changes, unsure those without a response.
	acknowledged, unsure map[string]bool
}

// The number of changes per request, and of changes to a ticket before the next one is raised.
const (
	changesPerRequest = 10
	changesPerTicket  = 300
)

// changeTicket changes a ticket several times.
var changeTicket = "mutation($id: ID!" + repeated(changesPerRequest, " $t#: String!") + ") {" +
	repeated(changesPerRequest, " c#: updateTicket(input: {id: $id, description: $t#}) { ticket { id } }") + " }"

// write makes some changes on a server. If the server dies meanwhile, or the request times out on a busy machine, it is
// unknown which of them were made.
func (w *ticketWriter) write(ctx context.Context, t *testing.T, p *process, acknowledged *atomic.Int64) {
	query, vars, texts := changeTicket, variables{"id": w.ticket}, make([]string, changesPerRequest)
	if w.ticket == "" || w.changed >= changesPerTicket {
		query, vars, texts = createTicket, variables{"id": w.meeting}, texts[:1]
	}
	for i := range texts {
		w.sent++
		texts[i] = fmt.Sprintf("%s %d", w.name, w.sent)
		vars["t"+strconv.Itoa(i)] = texts[i]
	}
	if query == createTicket {
		vars["description"] = texts[0]
		delete(vars, "t0")
	}
	a, err := p.ask(w.token, query, vars)
	switch {
	case err != nil, len(a.Errors) > 0 && a.Errors[0].Extensions.Code == "UNAVAILABLE":
		for _, text := range texts {
			w.unsure[text] = true
		}
		pauseRetry(ctx)
		return
	case len(a.Errors) > 0:
		t.Errorf("%s\nfailed: %s", query, a.raw)
		return
	case query == createTicket:
		w.ticket, w.changed = a.text("createTicket.ticket.id"), 0
	}
	for _, text := range texts {
		w.acknowledged[text] = true
	}
	w.changed += len(texts)
	acknowledged.Add(int64(len(texts)))
}
