package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"crm/db"
	"crm/db/mongo/mongotest"
	"crm/db/sqlite"
)

// commandRun is a command, and how it ends in a store that the commands before it have been run on.
type commandRun struct {
	line  string
	input string
	code  int
	// output is a part of what it prints.
	output string
}

// briefly are commands that write in each of the ways in which commands do.
var briefly = []string{"demo --customers 2", "set-password Admin@demo.example", "create-admin asha@crm.example Asha Rao"}

var commandRuns = []commandRun{
	{"check", "", 0, "All documents can be read."},
	{"check everything", "", 1, "no arguments"},
	{"demo --customers 0", "", 1, "at least 1"},
	{"demo --customers 2", "", 0, "The demo data has been added."},
	{"demo --customers 2", "", 1, "empty store"},
	{"nonsense", "", 1, "crm --help"},
	{"set-password", "battery staple\n", 1, "set-password EMAIL"},
	{"set-password nobody@crm.example", "battery staple\n", 1, "no user"},
	{"set-password Admin@demo.example", "", 1, "a password is missing"},
	{"set-password Admin@demo.example", "\xff\xff\xff\xff\xff\xff\xff\xff", 1, "not UTF-8"},
	{"set-password Admin@demo.example", "short\n", 1, "crm: password: must have at least 8 characters\n"},
	{"set-password Admin@demo.example", "bättery staple\r\nmore\n", 0, "The password of admin@demo.example has been set."},
	{"reset-two-factor", "", 1, "reset-two-factor EMAIL"},
	{"reset-two-factor nobody@crm.example", "", 1, "no user"},
	{"reset-two-factor Admin@demo.example", "", 0, "admin@demo.example has no second factor."},
	{"create-admin asha@crm.example", "correct horse\n", 1, "create-admin EMAIL NAME"},
	{"create-admin asha@crm.example \xff", "correct horse\n", 1, "not UTF-8"},
	{"create-admin asha A", "short\n", 1, "crm: password: must"},
	{"create-admin admin@demo.example Asha", "correct horse\n", 1, "crm: email: "},
	{"create-admin asha@crm.example Asha Rao", "correct horse", 0, "asha@crm.example can log in as an admin"},
}

// runCommands runs the commands, or only briefly those that succeed, one after the other, checks how they end, and returns what each
// prints.
func runCommands(t *testing.T, folder string, vars []string, isBrief bool) map[string]string {
	t.Helper()
	printed := map[string]string{}
	for _, r := range commandRuns {
		if isBrief && (r.code != 0 || !slices.Contains(briefly, r.line)) {
			continue
		}
		out, logs := endsReading(t, folder, vars, r.input, r.code, strings.Fields(r.line)...)
		if !strings.Contains(out+logs, r.output) || (r.code != 0) != strings.HasPrefix(logs, "crm: ") {
			t.Errorf("%s printed\n%s%s", r.line, out, logs)
		}
		printed[fmt.Sprint(r.line, " ends with ", r.code)] += out + logs
	}
	return printed
}

// TestCommandsBesideServer checks that commands do the same whether a server runs or not.
func TestCommandsBesideServer(t *testing.T) {
	t.Parallel()
	alone := runCommands(t, t.TempDir(), nil, false)
	for name, settings := range map[string]func(t *testing.T) []string{
		"sqlite": func(*testing.T) []string { return nil },
		// Longer than the path of a socket may be.
		"long path": func(t *testing.T) []string {
			return []string{"DATA_DIR=" + filepath.Join(t.TempDir(), strings.Repeat("x", 150))}
		},
		"mongo": func(t *testing.T) []string {
			mongotest.SkipOnStandIn(t)
			return settingsOf(t, "mongo")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, vars := t.TempDir(), settings(t)
			p := serve(t, folder, vars...)
			if name == "mongo" { // until then, crm check lists indexes
				eventually(t, "the indexes are built", func() bool { return strings.Contains(read(t, p.logs), "the indexes are built") })
			}
			// The others don't differ elsewhere, and each takes a start of the program; on FerretDB seconds.
			for line, beside := range runCommands(t, folder, vars, name != "sqlite") {
				if beside != alone[line] {
					t.Errorf("crm %s: beside a server it prints\n%s\nwithout one\n%s", line, beside, alone[line])
				}
			}
			p.must("", logIn, variables{"email": "admin@demo.example", "password": "bättery staple"})
			token := logInAs(p, "asha@crm.example", "correct horse")
			if a := p.must(token, viewer, nil); a.text("viewer.name") != "Asha Rao" || a.text("viewer.role") != "ADMIN" {
				t.Errorf("the created admin is %s", a.raw)
			}
			if logs := read(t, p.logs); strings.Contains(logs, "staple") || strings.Contains(logs, "correct horse") {
				t.Errorf("the log has a password:\n%s", logs)
			}
			out, _ := endsReading(t, folder, vars, "another one", 0, "set-password", "asha@crm.example")
			if !strings.Contains(out, "have ended: 1.") {
				t.Errorf("setting a password printed %q", out)
			}
			if a, err := p.ask(token, viewer, nil); name != "mongo" && (err != nil || a.code() != "UNAUTHENTICATED") {
				t.Errorf("the session before another password got %v %s", err, a.raw)
			}
			if through := strings.Count(read(t, p.logs), `"running a command"`); (through > 0) == (name == "mongo") {
				t.Errorf("%d commands went through the server", through)
			}
		})
	}
}

// TestCommandsWhenServersEnd checks that commands run by themselves after servers that were stopped or killed, and go
// through the next one.
func TestCommandsWhenServersEnd(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	socket := filepath.Join(folder, "data", "crm.sock")
	check := func() {
		t.Helper()
		if out, _ := ends(t, folder, nil, 0, "check"); out != "All documents can be read.\n" {
			t.Errorf("got %q", out)
		}
	}
	p := serve(t, folder)
	p.kill()
	if _, err := os.Stat(socket); err != nil {
		t.Errorf("the killed server has no socket: %v", err)
	}
	check()
	p = serve(t, folder)
	checkModes(t, filepath.Join(folder, "data"))
	check()
	next := begin(t, folder, nil)
	p.stop()
	check()
	next.waitUntilReady()
	check()
	if !strings.Contains(read(t, next.logs), `"running a command"`) {
		t.Error("the second server ran no command")
	}
	next.stop()
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket of a stopped server: %v", err)
	}
}

// TestCommandWaitsForFile checks that a command and a server that wait for the same data file both get what they need,
// whichever gets the file first.
func TestCommandWaitsForFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, err := sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
	if err != nil {
		t.Fatal(err)
	}
	p, command := begin(t, folder, nil), begin(t, folder, nil, "check")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if code := command.exit(); code != 0 {
		t.Errorf("the command ended with %d", code)
	}
	p.waitUntilReady()
}

// TestInterruptedCommand interrupts a command that a server runs, and kills the server during another one.
func TestInterruptedCommand(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := serve(t, folder)
	command := begin(t, folder, nil, "demo", "--customers", "1000000")
	eventually(t, "the command runs", func() bool { return strings.Contains(read(t, p.logs), "running a command") })
	command.signal(syscall.SIGINT)
	if code, logs := command.exit(), read(t, command.logs); code != 1 || logs != "crm: interrupted before the command was done\n" {
		t.Errorf("an interrupted command ended with %d and %q", code, logs)
	}
	eventually(t, "the server stops the command", func() bool { return strings.Contains(read(t, p.logs), "a command failed") })
	p.kill()

	folder = t.TempDir()
	p = serve(t, folder)
	command = begin(t, folder, nil, "demo", "--customers", "1000000")
	eventually(t, "the command runs", func() bool { return strings.Contains(read(t, p.logs), "running a command") })
	p.kill()
	if code, logs := command.exit(), read(t, command.logs); code != 1 || !strings.HasPrefix(logs, "crm: the server ended before") {
		t.Errorf("the command of a killed server ended with %d and %q", code, logs)
	}
}
