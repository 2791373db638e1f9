package db

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"crm/auth"
	"crm/db/store"
	"crm/db/textkey"
)

// maxMentions is how many times a note can name somebody.
const maxMentions = 50

// mentionsIn returns the accounts of the active users whom a note on a ticket names and who see the ticket, each once and separated
// by spaces, as TicketMessage.Mentions holds them.
func (d *DB) mentionsIn(ctx context.Context, ticket *Ticket, text string) (string, error) {
	if !strings.Contains(text, "@") {
		return "", nil
	}
	users, err := d.users.Find(ctx, store.Query{Where: store.IsNull("deactivated_at"), Fields: Users.Select("name", "role")})
	if err != nil {
		return "", err
	}
	audience := d.entities.Catalog.Audience(Tickets, ticket)
	users = slices.DeleteFunc(users, func(user *User) bool {
		return user.Role != auth.Admin && !slices.Contains(audience, auth.StaffKey) &&
			!slices.Contains(audience, auth.AccountKey(auth.User, user.ID))
	})
	var accounts []string
	for _, id := range mentioned(text, users) {
		accounts = append(accounts, string(auth.AccountKey(auth.User, id)))
	}
	return strings.Join(accounts, " "), nil
}

// Mentioned returns the accounts of the users whom a note names.
func (m *TicketMessage) Mentioned() []auth.AudienceKey {
	var accounts []auth.AudienceKey
	for account := range strings.FieldsSeq(m.Mentions) {
		accounts = append(accounts, auth.AudienceKey(account))
	}
	return accounts
}

// mentioned returns the users whom a text names after an @: by their whole names, such as @Asha Rao, or by a first name that only one
// of them has. Case and accents don't count.
func mentioned(text string, users []*User) []store.ID {
	var found []store.ID
	for range maxMentions {
		before, after, ok := strings.Cut(text, "@")
		if !ok {
			break
		}
		text = after
		if last, _ := utf8.DecodeLastRuneInString(before); isInWord(last) {
			continue // an address
		}
		for _, id := range named(after, users) {
			if !slices.Contains(found, id) {
				found = append(found, id)
			}
		}
	}
	return found
}

// named returns the users with the longest name that a text begins with, or else the one with the first name.
func named(text string, users []*User) []store.ID {
	if len(text) > maxName*utf8.UTFMax {
		text = strings.ToValidUTF8(text[:maxName*utf8.UTFMax], "")
	}
	text = textkey.Prefix(text)
	var byName, byFirst []store.ID
	longest := 0
	for _, user := range users {
		name := textkey.Prefix(user.Name)
		switch first, _, _ := strings.Cut(name, " "); {
		case begins(text, name) && len(name) > longest:
			longest, byName = len(name), []store.ID{user.ID}
		case begins(text, name) && len(name) == longest:
			byName = append(byName, user.ID)
		case begins(text, first):
			byFirst = append(byFirst, user.ID)
		}
	}
	if len(byName) == 0 && len(byFirst) == 1 {
		return byFirst
	}
	return byName
}

// begins reports whether a text begins with a name that ends with a word.
func begins(text, name string) bool {
	rest, ok := strings.CutPrefix(text, name)
	next, _ := utf8.DecodeRuneInString(rest)
	return ok && name != "" && (rest == "" || !isInWord(next))
}

// unspaced is the first character of the scripts of East Asia, which don't separate words by spaces.
const unspaced = '\u2e80'

// isInWord reports whether a character makes one word with the one beside it.
func isInWord(r rune) bool { return r < unspaced && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
