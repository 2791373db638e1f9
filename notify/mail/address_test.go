package mail

import "testing"

func TestDomain(t *testing.T) {
	t.Parallel()
	for sender, want := range map[string]string{
		"crm@example.com": "example.com", "CRM <crm@mail.example.com>": "mail.example.com",
		"": "localhost", "crm": "localhost", "crm@müller.example": "localhost", "a@b, c@d": "localhost",
	} {
		if got := Domain(sender); got != want {
			t.Errorf("Domain(%q) is %q, want %q", sender, got, want)
		}
	}
}
