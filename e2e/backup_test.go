package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crm/db/mongo/mongotest"
)

// settingsOf returns the settings of a store of each engine: a data file in a new folder, or a new database.
func settingsOf(t *testing.T, engine string) []string {
	t.Helper()
	if engine == "sqlite" {
		return nil
	}
	return append(mongoSettings(mongotest.URI(t)), "MONGO_DATABASE="+mongotest.Database(t).Name())
}

// list asks for what a backup must keep.
const list = `{ customers { nodes { id name } } interactions { nodes { id title tickets { nodes { id number description } } } } }`

// TestBackup backs up a server while it runs and restores the backup with another engine, in both directions: ids, numbers,
// passwords, and with the keys even tokens go on working.
func TestBackup(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to string }{{"sqlite", "mongo"}, {"mongo", "sqlite"}} {
		t.Run(test.from+" to "+test.to, func(t *testing.T) {
			t.Parallel()
			if test.from == "mongo" {
				mongotest.SkipOnStandIn(t)
			}
			folder, other := t.TempDir(), t.TempDir()
			from, to := settingsOf(t, test.from), settingsOf(t, test.to)
			p := serve(t, folder, from...)
			token, customer := populate(p) // a little: each write takes a while on FerretDB
			meeting := p.must(token, createInteraction, variables{"customer": customer, "title": "Demo"}).text("createInteraction.interaction.id")
			p.must(token, createTicket, variables{"id": meeting, "description": "It is slow"})
			content := strings.Repeat("a page of a report\n", 30_000)
			p.attach(token, meeting, "report.txt", content)
			want := p.must(token, list, nil).raw
			file := filepath.Join(folder, "backup")
			ends(t, folder, from, 0, "backup", file, "--keys")
			out, _ := ends(t, other, to, 0, "restore", file)
			if !strings.Contains(out, "documents have been restored") || !strings.Contains(out, "keys") {
				t.Errorf("restoring says %s", out)
			}
			_, logs := ends(t, other, to, 1, "restore", file)
			if !strings.Contains(logs, "empty store only") {
				t.Errorf("restoring again says %s", logs)
			}
			restored := serve(t, other, to...)
			if test.to == "mongo" { // the keys are those of its settings
				token = logInAs(restored, "asha@crm.example", "correct horse")
			}
			restored.wantAttached(token, content)
			ends(t, other, to, 0, "check")
			if got := restored.must(token, list, nil).raw; withoutCost(got) != withoutCost(want) {
				t.Errorf("the restored server answers\n%s\nnot\n%s", got, want)
			}
		})
	}
}

// TestEncryptedBackup encrypts a backup.
func TestEncryptedBackup(t *testing.T) {
	t.Parallel()
	if !allTests() {
		t.Skip("a key takes seconds to derive from a passphrase: ALL_TESTS=true runs this test")
	}
	folder, other := t.TempDir(), t.TempDir()
	secret, file := filepath.Join(folder, "passphrase"), filepath.Join(folder, "backup")
	writeFile(t, secret, "a good passphrase\nnot this")
	ends(t, folder, nil, 0, "demo", "--customers", "1")
	ends(t, folder, nil, 0, "backup", file, "--passphrase-file", secret)
	if content := read(t, file); !strings.HasPrefix(content, "age-encryption.org/") {
		t.Errorf("the backup begins with %.40q", content)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has %v, %v", info.Mode(), err)
	}
	if _, logs := ends(t, other, nil, 1, "restore", file); !strings.Contains(logs, "--passphrase-file") {
		t.Errorf("without the passphrase, restoring says %s", logs)
	}
	if out, _ := ends(t, other, nil, 0, "restore", file, "--passphrase-file", secret); !strings.Contains(out, "documents have been restored") {
		t.Errorf("restoring says %s", out)
	}
}

// withoutCost cuts off extensions, which depend on the engine's settings.
func withoutCost(raw string) string {
	data, _, found := strings.Cut(strings.TrimSpace(raw), `,"extensions"`)
	if !found {
		data = strings.TrimSuffix(data, "}")
	}
	return data
}

// TestDamagedBackup checks that a backup that is not whole is refused, and leaves the store empty.
func TestDamagedBackup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ends(t, folder, nil, 0, "demo", "--customers", "3")
	whole, _ := ends(t, folder, nil, 0, "backup", "-")
	empty, file := t.TempDir(), filepath.Join(folder, "damaged")
	for name, content := range map[string]string{
		"cut off": whole[:len(whole)*2/3], "changed": whole[:200] + "x" + whole[201:], "longer": whole + "more", "nothing": "", "other": "{}",
	} {
		writeFile(t, file, content)
		if out, logs := ends(t, empty, nil, 1, "restore", file); out != "" || !strings.Contains(logs, "backup") {
			t.Errorf("%s: restoring says %s%s", name, out, logs)
		}
	}
	writeFile(t, file, whole)
	ends(t, empty, nil, 0, "restore", file)
	p := serve(t, empty)
	_, logs := ends(t, empty, nil, 1, "restore", file)
	if !strings.Contains(logs, "stop it first") {
		t.Errorf("with a server, restoring says %s", logs)
	}
	p.stop()
}

// TestKilledBackup kills the program while it backs up and while it restores, and checks that nothing is left that looks whole.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ends(t, folder, nil, 0, "demo", "--customers", "50")
	file, empty := filepath.Join(folder, "backup"), t.TempDir()
	killed := begin(t, folder, nil, "backup", file)
	eventuallyBacksUp(t, file)
	killed.kill()
	isWholeOrAbsent(t, file)
	server := serve(t, folder) // which reads the data for the command
	command := begin(t, folder, nil, "backup", file)
	eventuallyBacksUp(t, file)
	server.kill()
	if code := command.exit(); code != 0 {
		if _, err := os.Stat(file); err == nil {
			t.Error("a backup whose server was killed looks whole")
		}
	}
	isWholeOrAbsent(t, file)
	ends(t, folder, nil, 0, "backup", file)

	data := filepath.Join(empty, "data", "crm.db-wal")
	restoring := begin(t, empty, nil, "restore", file)
	eventually(t, "data is restored", func() bool {
		info, err := os.Stat(data)
		return restoring.hasEnded() || err == nil && info.Size() > 1<<20
	})
	early := !restoring.hasEnded()
	restoring.kill()
	if early {
		if _, logs := ends(t, empty, nil, 1, "check"); !strings.Contains(logs, "run crm restore again") {
			t.Errorf("a store that is half restored is used: %s", logs)
		}
		ends(t, empty, nil, 0, "restore", file)
	}
	ends(t, empty, nil, 0, "check")
}

// eventuallyBacksUp waits until a backup is being written.
func eventuallyBacksUp(t *testing.T, file string) {
	t.Helper()
	eventually(t, "the backup begins", func() bool {
		_, unfinished := os.Stat(file + ".unfinished")
		_, finished := os.Stat(file)
		return unfinished == nil || finished == nil
	})
}

// isWholeOrAbsent checks that a backup can be restored if it is there, and removes it and what is unfinished.
func isWholeOrAbsent(t *testing.T, file string) {
	t.Helper()
	_ = os.Remove(file + ".unfinished") // it may be absent
	if _, err := os.Stat(file); err != nil {
		return
	}
	ends(t, t.TempDir(), nil, 0, "restore", file)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// TestKilledRestoreOnMongo kills a restore on MongoDB. The database isn't used until the restore was run again.
func TestKilledRestoreOnMongo(t *testing.T) {
	t.Parallel()
	mongotest.SkipOnStandIn(t)
	folder := t.TempDir()
	ends(t, folder, nil, 0, "demo", "--customers", "4")
	file := filepath.Join(folder, "backup")
	ends(t, folder, nil, 0, "backup", file)
	database := mongotest.Database(t)
	vars := append(mongoSettings(mongotest.URI(t)), "MONGO_DATABASE="+database.Name())
	restoring := begin(t, folder, vars, "restore", file)
	eventually(t, "data is restored", func() bool {
		n, err := database.Collection("interactions").EstimatedDocumentCount(t.Context())
		return restoring.hasEnded() || err == nil && n > 0
	})
	early := !restoring.hasEnded()
	restoring.kill()
	if early {
		if _, logs := ends(t, folder, vars, 1, "check"); !strings.Contains(logs, "run crm restore again") {
			t.Errorf("a database that is half restored is used: %s", logs)
		}
		ends(t, folder, vars, 0, "restore", file)
	}
	ends(t, folder, vars, 0, "check")
}

// TestBackupFolder makes backups in a folder while a server runs, once and by a schedule. Only the newest are kept, and none dated
// in the future by a clock that was ahead, unless it is unfinished.
func TestBackupFolder(t *testing.T) {
	t.Parallel()
	in, folder := t.TempDir(), t.TempDir()
	p := serve(t, in)
	populate(p)
	const unfinished, misdated = "crm-20200101T000000Z.backup.unfinished", "crm-29990101T000000Z.backup"
	old := []string{"crm-20200101T000000Z.backup", "crm-20200102T000000Z.backup", "crm-20200103T000000Z.backup"}
	for _, name := range append(old, unfinished, misdated, misdated+".unfinished", "other.backup") {
		writeFile(t, filepath.Join(folder, name), "old")
	}
	ends(t, in, nil, 0, "backup", folder, "--keep", "2")
	names := namesIn(t, folder)
	if len(names) != 4 || names[0] != old[2] || names[2] != misdated+".unfinished" || names[3] != "other.backup" {
		t.Fatalf("the folder has %v", names)
	}
	other := t.TempDir()
	ends(t, other, nil, 0, "restore", filepath.Join(folder, names[1]))
	for _, name := range names {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(folder, misdated), "old")
	repeated := begin(t, in, nil, "backup", folder, "--every", "24h", "--keep", "1")
	eventually(t, "there is a backup", func() bool { return strings.Contains(read(t, repeated.logs), "the backup is complete") })
	repeated.stop()
	if names := namesIn(t, folder); len(names) != 1 || names[0] == misdated {
		t.Errorf("the folder has %v", names)
	}
	again := begin(t, in, nil, "backup", folder, "--every", "24h")
	eventually(t, "the next backup is waited for", func() bool { return strings.Contains(read(t, again.logs), "next backup") })
	again.stop()
	if names := namesIn(t, folder); len(names) != 1 {
		t.Errorf("a backup was made before it was due: %v", names)
	}
	if _, logs := ends(t, in, nil, 1, "backup", filepath.Join(folder, "file"), "--keep", "1"); !strings.Contains(logs, "need a folder") {
		t.Errorf("keeping backups in a file says %s", logs)
	}
}

// namesIn returns the names in a folder, in order.
func namesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// hasEnded reports whether the program has ended.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
