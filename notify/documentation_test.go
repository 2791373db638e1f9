package notify

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDocumentation checks that docs/mail.md shows the tables of who is told what as they are in the code.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	documented, err := os.ReadFile("../docs/mail.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{markdownTable(announcements), accountTable(accountAnnouncements)} {
		if !strings.Contains(string(documented), table) {
			t.Errorf("docs/mail.md lacks this table:\n%s", table)
		}
	}
}

// markdownTable returns a table of announcements in Markdown.
func markdownTable(rows []announcement) string {
	columns := [][]role{{customer}, {user, interactionUser}, {assignee}, {formerUser, formerAssignee}, {mentioned}, {nobody}}
	table := "| what happened | customer | interaction's user | assignee | former user or assignee | who is named | all admins, if nobody is responsible |\n" +
		"|---|---|---|---|---|---|---|\n"
	for _, row := range rows {
		table += "| " + row.what + " |"
		for _, roles := range columns {
			told := " – |"
			if slices.ContainsFunc(row.to, func(r role) bool { return slices.Contains(roles, r) }) {
				told = " yes |"
			}
			table += told
		}
		table += "\n"
	}
	return table
}

// accountTable returns a table of the announcements about accounts in Markdown.
func accountTable(rows []announcement) string {
	table := "| what happened to an account | its holder |\n|---|---|\n"
	for _, row := range rows {
		if line := "| " + row.what + " | yes |\n"; !strings.Contains(table, line) {
			table += line
		}
	}
	return table
}
