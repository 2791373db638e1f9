package notify

import (
	"fmt"
	"strings"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// try writes messages about samples, with each piece of news and with all that may be missing, and returns what fails.
func (t *Templates) try() error {
	for _, name := range []string{"from", "quoted"} {
		for _, role := range []db.AuthorRole{db.AuthorStaff, db.AuthorCustomer, db.AuthorExternal} {
			text, found, err := t.part(name, byline{Name: "Asha", Role: role, AppName: DefaultAppName, When: moment(time.Unix(0, 0).UTC())})
			if err != nil {
				return err
			}
			if found && strings.TrimSpace(text) == "" {
				return fmt.Errorf("message.txt writes nothing as %q", name)
			}
		}
	}
	about, samples := sampleContext(), samples()
	for _, row := range table() {
		for _, entity := range samples[row.topic] {
			m := &message{
				mailContext: about, News: row.news, Entity: entity, changed: []string{"title", "status", "priority"},
				AppName: DefaultAppName, Link: "https://crm.example.com/", zone: time.UTC,
			}
			if link, ok := entity.(*db.AccountLink); ok {
				m.action(link, Links{})
			}
			delivery := &db.Delivery{RecipientName: "Asha"}
			if err := t.write(delivery, row.topic, m); err != nil {
				return err
			}
			if delivery.Subject == "" {
				return fmt.Errorf("%s.txt writes no subject when something is %s", row.topic, row.news)
			}
		}
	}
	return nil
}

var (
	sampleUser     = store.DerivedID("sample user")
	sampleCustomer = store.DerivedID("sample customer")
	sampleMeeting  = store.DerivedID("sample interaction")
	sampleTicket   = store.DerivedID("sample ticket")
)

// sampleContext has the names that the complete samples refer to.
func sampleContext() *mailContext {
	return &mailContext{
		accounts: map[auth.AudienceKey]db.Recipient{
			auth.AccountKey(auth.User, sampleUser):         {Name: "Ravi"},
			auth.AccountKey(auth.Customer, sampleCustomer): {Name: "Asha"},
		},
		interactions: map[store.ID]*db.Interaction{sampleMeeting: {Title: "Yearly review"}},
		tickets: map[store.ID]*db.Ticket{
			sampleTicket: {Number: new(7), Title: "The printer is on fire", Description: "It burns.", Status: db.TicketOpen},
		},
	}
}

// samples returns documents by topic: complete ones, and others that have only what all have.
func samples() map[string][]store.Document {
	start, end, place, serial := time.Unix(0, 0), time.Unix(3600, 0), "Room 5", 7
	return map[string][]store.Document{
		"interaction": {
			&db.Interaction{
				UserID: sampleUser, CustomerID: sampleCustomer, Kind: db.KindMeeting, Status: db.InteractionPlanned,
				Title: "Yearly review", Description: "Bring cake.", StartTime: start, EndTime: &end, Location: &place,
			},
			&db.Interaction{Title: "Yearly review", StartTime: start, AllDay: true},
		},
		accountTopic: {&db.AccountLink{Action: db.LinkResetPassword}, &db.User{}, &db.Customer{}, &db.SecurityEvent{}},
		"ticket": {
			&db.Ticket{
				InteractionID: &sampleMeeting, CustomerID: sampleCustomer, InteractionUserID: &sampleUser, AssigneeID: &sampleUser,
				Number: &serial, Title: "The printer is on fire", Description: "It burns.", Status: db.TicketOpen, Priority: db.PriorityUrgent,
			},
			&db.Ticket{Title: "The printer is on fire", Status: db.TicketResolved, Priority: db.PriorityLow},
		},
		"message": {
			&db.TicketMessage{
				TicketID: sampleTicket, AuthorID: &sampleUser, CustomerID: sampleCustomer, BodyText: "Water is on its way.",
				MovesTo: db.TicketPending,
			},
			&db.TicketMessage{CustomerID: sampleCustomer, BodyText: "Thank you."},
		},
	}
}
