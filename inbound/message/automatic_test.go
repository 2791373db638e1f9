package message_test

import (
	"testing"

	"crm/inbound/message"
)

// TestAutomatic checks by what automatic mail is recognized, and that what helpdesks send for a person isn't taken for it.
func TestAutomatic(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field string
		want  message.Automatic
	}{
		{"X-Mailer: Thunderbird", ""},
		{"Auto-Submitted: no", ""},
		{"Auto-Submitted: No (a person)", ""},
		{"X-Auto-Response-Suppress: OOF, AutoReply", ""},
		{"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply", ""},
		{"Precedence: first-class", ""},
		{"Return-Path: <jane@customer.example>", ""},
		{"Delivered-To: support@crm.example", ""},
		{"Auto-Submitted: auto-replied", message.AutomaticReply},
		{`Auto-Submitted: Auto-Replied (vacation); owner-email="jane@customer.example"`, message.AutomaticReply},
		{"X-Autoreply: yes", message.AutomaticReply},
		{"X-Autoreply-From: jane@customer.example", message.AutomaticReply},
		{"X-Mail-Autoreply: jane@customer.example", message.AutomaticReply},
		{"X-Autorespond: Re: The printer", message.AutomaticReply},
		{"X-Autoresponse: true", message.AutomaticReply},
		{"X-Auto-Response: yes", message.AutomaticReply},
		{"Precedence: auto_reply", message.AutomaticReply},
		{"Precedence: auto-reply", message.AutomaticReply},
		{"X-Precedence: auto_reply", message.AutomaticReply},
		{"Preference: auto_reply", message.AutomaticReply},
		{"Delivered-To: Autoresponder", message.AutomaticReply},
		{"Auto-Submitted: auto-generated", message.AutomaticMail},
		{"Auto-Submitted: auto-notified; owner-email=\"x\"", message.AutomaticMail},
		{"X-Auto-Response-Suppress: All", message.AutomaticMail},
		{"Precedence: Bulk", message.AutomaticMail},
		{"X-Loop: support@crm.example", message.AutomaticMail},
		{"Return-Path: <>", message.AutomaticMail},
		{"List-Id: <printers.example>", message.AutomaticList},
		{"List-Unsubscribe: <https://printers.example>", message.AutomaticList},
		{"X-Failed-Recipients: carl@customer.example", message.AutomaticBounce},
	} {
		m := message.NewParser().Parse([]byte("From: jane@customer.example\r\n" + test.field + "\r\n\r\nHello"))
		if m.Automatic != test.want {
			t.Errorf("%s: %q, want %q", test.field, m.Automatic, test.want)
		}
	}
}
