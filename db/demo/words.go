package demo

import "crm/db"

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
		"Introduction and demo", "Contract renewal", "Quarterly review", "Pricing for the new branch",
		"Send the revised offer", "Follow up on the trial", "Onboarding, first session", "Walk through open invoices",
		"Plan the rollout", "Hear how the pilot went",
	}
	descriptions = []string{
		"Bring the figures of last quarter.", "They asked for references from the same trade.",
		"Decide who signs, and by when.", "", "The new head of purchasing joins.",
		"Agree on what is in the first phase and what is not.",
	}
	locations = []string{"Video call", "Their office, Pune", "Our office, Mumbai", "By telephone", "Lobby café, BKC"}
	questions = []string{
		"The link in the invitation doesn't open.", "Could we move it by an hour?",
		"The offer names the old address.", "We need the invoice with our purchase order's number.",
		"Two of our people can't log in.", "Please send the minutes of the meeting.",
		"The export is missing the last month.", "Who is our contact while Priya is away?",
	}
)
