package notify

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReadme checks that the README shows the table of who is told what as it is in the code.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := readmeTable(announcements); !strings.Contains(string(readme), table) {
		t.Errorf("the README lacks this table:\n%s", table)
	}
}

// readmeTable returns a table of announcements in Markdown.
func readmeTable(rows []announcement) string {
	columns := [][]role{{customer}, {user, interactionUser}, {assignee}, {formerUser, formerAssignee}}
	table := "| what happened | customer | interaction's user | assignee | former user or assignee |\n|---|---|---|---|---|\n"
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
