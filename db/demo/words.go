package demo

import (
	"math/rand/v2"

	"crm/db"
)

// texts makes texts. None repeats until all combinations of the words have been used.
type texts struct {
	name, title, question func() string
}

func newTexts(random *rand.Rand) texts {
	return texts{
		name:     combine(random, " ", givenNames, familyNames),
		title:    combine(random, " ", titles, subjects),
		question: combine(random, "\n", combinations(problems, circumstances), wishes),
	}
}

// combine returns a function that returns a different combination of words each time, until all have been returned, in an order that
// looks accidental.
func combine(random *rand.Rand, separator string, words ...[]string) func() string {
	total := 1
	for _, list := range words {
		total *= len(list)
	}
	stride := total/3 + random.IntN(total/3)
	for gcd(stride, total) != 1 {
		stride++
	}
	next := random.IntN(total)
	return func() string {
		next = (next + stride) % total
		text, rest := "", next
		for i, list := range words {
			if i > 0 {
				text += separator
			}
			text += list[rest%len(list)]
			rest /= len(list)
		}
		return text
	}
}

// combinations returns all combinations of two lists.
func combinations(first, second []string) []string {
	var all []string
	for _, b := range second {
		for _, a := range first {
			all = append(all, a+" "+b)
		}
	}
	return all
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// The words of the demo. Nothing modifies them.
var (
	givenNames = []string{
		"Rahul", "Priya", "Arjun", "Meera", "Vikram", "Ananya", "Rohan", "Kavya", "Sanjay", "Divya",
		"Elena", "Marco", "Sofía", "Jürgen", "Aiko", "Liam", "Zoë", "Noah", "Fatima", "Oluwaseun",
	}
	familyNames = []string{
		"Sharma", "Iyer", "Patel", "Menon", "Gupta", "Nair", "Khan", "Das", "Reddy", "Bose",
		"García", "Müller", "Tanaka", "O'Brien", "Silva", "Novák", "Okafor", "Lindqvist", "Rossi", "Haddad",
	}
	companies = []string{
		"TCS", "Infosys", "Blue Dart Logistics", "Café Mondegar", "Lotus Textiles", "Northwind Traders",
		"Sahyadri Farms", "Harbour & Sons", "Kaveri Paper Mills", "Zenith Optics",
	}
	kinds  = []db.InteractionKind{db.KindMeeting, db.KindTask, db.KindFollowUp}
	titles = []string{
		"Introduction and demo for", "Renewal of the contract for", "Quarterly review of", "Pricing for", "Revised offer for",
		"Follow up on the trial of", "Onboarding, first session:", "Open invoices for", "Plan the rollout in", "Results of the pilot in",
	}
	subjects = []string{
		"the Pune branch", "the head office", "the warehouse", "the new plant", "the sales team", "the night shift", "the web shop",
		"the southern region", "the export business", "the accounting department", "the partners abroad", "the support desk",
		"the purchasing department", "the Mumbai stores", "the drivers", "the laboratory", "the apprentices", "the franchisees",
	}
	descriptions = []string{
		"Bring the figures of last quarter.", "They asked for references from the same trade.",
		"Decide who signs, and by when.", "", "The new head of purchasing joins.",
		"Agree on what is in the first phase and what is not.",
	}
	locations = []string{"Video call", "Their office, Pune", "Our office, Mumbai", "By telephone", "Lobby café, BKC"}
	problems  = []string{
		"The link in the invitation doesn't open", "We have to move the meeting by an hour", "The offer names the old address",
		"The invoice lacks our purchase order's number", "Two of our people can't log in", "The minutes of the meeting haven't arrived",
		"The export is missing the last month", "Nobody answers the number on your card", "The delivery was two boxes short",
		"The report adds up the wrong column", "The price list shows the discount twice", "Our address in your records is a former one",
		"The attachment can't be opened", "The training material is in the wrong language", "The contract's annex isn't signed",
		"The barcode labels don't scan", "The monthly summary came to a former colleague", "The reminder names an invoice that we have paid",
	}
	circumstances = []string{
		"since Monday.", "on all our telephones.", "according to our accountants.", "as we noticed this morning.", "for the second time.",
		"in the Pune branch only.", "since the last update.", "as our director pointed out.", "when we try it from abroad.",
		"just before our audit.", "although we had agreed otherwise.", "and nobody can say why.", "for half of our staff.",
		"whenever it is urgent.", "and our customers ask about it.", "after we had moved.", "on the new terminals.",
		"for all orders of this week.", "and it isn't the first time.", "in both languages.", "as the auditors found out.",
	}
	wishes = []string{
		"Could you look into it today?", "Please call us before noon.", "Who is our contact for this?", "A short note is enough.",
		"There is no hurry.", "We need it settled before Friday's meeting.", "Please send it again.",
	}
	replies = []string{
		"Thank you for telling us. Which of your offices is it about?", "We have corrected it. Does it work now?",
		"A colleague looks into it today. Until when do you need it?", "We have sent it again. Has it arrived?",
	}
	answers = []string{"Yes, thank you!", "It is the one in Pune.", "Not yet, unfortunately.", "By Friday, please."}
	notes   = []string{"They called about this last week, too.", "Ask accounting first.", "The contract covers this."}
)
