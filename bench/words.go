package main

import (
	"fmt"
	"strings"
)

// vocabulary contains the words and phrases of the data's texts.
type vocabulary struct {
	given, family, trades, houses, titles, sentences, questions, places []string
}

func newVocabulary() vocabulary {
	return vocabulary{
		given: []string{
			"Rahul", "Priya", "Arjun", "Meera", "Vikram", "Ananya", "Rohan", "Kavya", "Sanjay", "Divya", "Elena", "Marco",
			"Sofía", "Jürgen", "Aiko", "Liam", "Zoë", "Noah", "Fatima", "Oluwaseun",
		},
		family: []string{
			"Sharma", "Iyer", "Patel", "Menon", "Gupta", "Nair", "Khan", "Das", "Reddy", "Bose", "García", "Müller", "Tanaka",
			"O'Brien", "Silva", "Novák", "Okafor", "Lindqvist", "Rossi", "Haddad",
		},
		houses: []string{
			"Lotus", "Northwind", "Sahyadri", "Harbour", "Kaveri", "Zenith", "Blue Dart", "Mondegar", "Granite", "Cedar",
		},
		trades: []string{"Textiles", "Traders", "Farms", "& Sons", "Paper Mills", "Optics", "Logistics", "Foods"},
		titles: []string{
			"Introduction and demo", "Contract renewal", "Quarterly review", "Pricing for the new branch",
			"Send the revised offer", "Follow up on the trial", "Onboarding, first session", "Walk through open invoices",
			"Plan the rollout", "Hear how the pilot went",
		},
		sentences: []string{
			"Bring the figures of last quarter.", "They asked for references from the same trade.",
			"Decide who signs, and by when.", "The new head of purchasing joins after ten minutes.",
			"Agree on what is in the first phase and what is not.", "Their \"must have\" list is in the shared folder.",
			"Last time we ran out of time before the questions.", "Ask about the warehouse in Pune & the one in Nashik.",
		},
		questions: []string{
			"The link in the invitation doesn't open.", "Could we move it by an hour?",
			"The offer names the old address.", "We need the invoice with our purchase order's number.",
			"Two of our people can't log in.", "Please send the minutes of the meeting.",
			"The export is missing the last month.", "Who is our contact while Priya is away?",
		},
		places: []string{"Video call", "Their office, Pune", "Our office, Mumbai", "By telephone", "Lobby café, BKC"},
	}
}

func (v *vocabulary) name(d *dice) string { return d.pick(v.given) + " " + d.pick(v.family) }

// company returns the unique name of the n-th company.
func (v *vocabulary) company(n int) string {
	return fmt.Sprintf("%s %s %d", v.houses[n%len(v.houses)], v.trades[n/len(v.houses)%len(v.trades)], n+1)
}

// text joins some of the phrases.
func (v *vocabulary) text(d *dice, phrases []string, least, most int) string {
	chosen := make([]string, least+d.below(most-least+1))
	for i := range chosen {
		chosen[i] = d.pick(phrases)
	}
	return strings.Join(chosen, " ")
}

// dice is a random generator (SplitMix64) that depends only on its seed and takes a few nanoseconds per number: there are
// millions of rows.
type dice struct{ state uint64 }

func newDice(seed uint64) *dice { return &dice{state: seed * 0x9E3779B97F4A7C15} }

// below returns a number from 0 to n-1.
func (d *dice) below(n int) int {
	d.state += 0x9E3779B97F4A7C15
	z := d.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

func (d *dice) pick(from []string) string { return from[d.below(len(from))] }
