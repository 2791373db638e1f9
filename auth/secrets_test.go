package auth

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"crm/config"
)

// readSecrets reads the secrets from variables.
func readSecrets(t *testing.T, variables ...string) Secrets {
	t.Helper()
	var secrets Secrets
	if err := config.Read(config.Declaration{{Settings: secrets.Settings()}}, variables, "").Err(); err != nil {
		t.Fatal(err)
	}
	return secrets
}

func TestSecretsFromVariables(t *testing.T) {
	t.Parallel()
	secrets := readSecrets(t, "SECRET_KEY=g", "USER_SECRET_KEY=u2, u1", "CUSTOMER_SECRET_KEY=c")
	// Variables take precedence over stored keys, and their values are written nowhere.
	folder := filepath.Join(t.TempDir(), "data")
	if err := secrets.Complete(folder); err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]Keys{
		"general": {secrets.General, {[]byte("g")}}, "user": {secrets.User, {[]byte("u2"), []byte("u1")}},
		"customer": {secrets.Customer, {[]byte("c")}},
	} {
		if !equalKeys(pair[0], pair[1]) {
			t.Errorf("the %s keys are %q, want %q", name, pair[0], pair[1])
		}
	}
	if _, err := os.Stat(folder); err == nil {
		t.Error("a folder was created for unneeded keys")
	}
}

func TestMissingSecretsAreAllNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ set, missing []string }{
		{nil, []string{"SECRET_KEY", "USER_SECRET_KEY", "CUSTOMER_SECRET_KEY"}},
		{[]string{"SECRET_KEY=topsecret", "USER_SECRET_KEY= , "}, []string{"USER_SECRET_KEY", "CUSTOMER_SECRET_KEY"}},
		{[]string{"USER_SECRET_KEY=topsecret", "CUSTOMER_SECRET_KEY=other"}, []string{"SECRET_KEY"}},
	} {
		secrets := readSecrets(t, test.set...)
		var missing []string
		secrets.CheckAll(func(variable string, err error) {
			missing = append(missing, variable)
			if strings.Contains(err.Error(), "topsecret") {
				t.Errorf("the error reveals a secret: %v", err)
			}
		})
		if !slices.Equal(missing, test.missing) {
			t.Errorf("with %v, %v are missing, want %v", test.set, missing, test.missing)
		}
	}
}

// TestKeysAreChecked checks which keys are refused, and which are warned about.
func TestKeysAreChecked(t *testing.T) {
	t.Parallel()
	good := strings.Split(strings.ReplaceAll(strings.Join(NewVariables(), "\n"), "=", "\n"), "\n")
	a, b, c := good[1], good[3], good[5]
	for name, test := range map[string]struct{ general, user, customer, wrong, weak string }{
		"good":                {a, b, c, "", ""},
		"several":             {a + "," + b, c, c + "x", "", ""},
		"short":               {a, "hunter2hunt", c, "USER_SECRET_KEY", "USER_SECRET_KEY"},
		"just long enough":    {a, b, "hunter2hunte", "", "CUSTOMER_SECRET_KEY"},
		"letters of 2 bytes":  {a, b, "üüüüüü", "CUSTOMER_SECRET_KEY", "CUSTOMER_SECRET_KEY"},
		"an old one is short": {a, b + ",hunter2", c, "USER_SECRET_KEY", "USER_SECRET_KEY"},
		"equal":               {a, b, b, "CUSTOMER_SECRET_KEY", ""},
		"equal to an old one": {a, b + "," + a, c, "USER_SECRET_KEY", ""},
		"twice":               {a + "," + a, b, c, "SECRET_KEY", ""},
		"one letter":          {a, b, strings.Repeat("hunter2", 9), "", "CUSTOMER_SECRET_KEY"},
		"an example's":        {a, exampleKey + "hunter2-with-a-key-of-crm-keys", c, "", "USER_SECRET_KEY"},
		"none":                {"", "", "", "", ""},
	} {
		secrets := readSecrets(t, "SECRET_KEY="+test.general, "USER_SECRET_KEY="+test.user, "CUSTOMER_SECRET_KEY="+test.customer)
		var wrong, weak []string
		secrets.Check(func(variable string, err error) {
			wrong = append(wrong, variable)
			weak = append(weak, err.Error())
		})
		texts := strings.Join(append(weak, secrets.Weak()...), "\n")
		weak = nil
		for _, warning := range secrets.Weak() {
			variable, _, _ := strings.Cut(warning, ":")
			weak = append(weak, variable)
		}
		if strings.Join(wrong, ",") != test.wrong || strings.Join(weak, ",") != test.weak || strings.Contains(texts, "hunter2") {
			t.Errorf("%s: wrong are %v, weak are %v:\n%s", name, wrong, weak, texts)
		}
	}
}

func TestStoredSecretsAreCreatedOnce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	// Several servers that start in the same new folder at the same time must get the same keys.
	found := make([]Secrets, 8)
	var group sync.WaitGroup
	for i := range found {
		group.Go(func() {
			if err := found[i].Complete(folder); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	var again Secrets
	if err := again.Complete(folder); err != nil {
		t.Fatal(err)
	}
	for _, secrets := range found {
		if !equalKeys(secrets.User, again.User) || !equalKeys(secrets.Customer, again.Customer) ||
			!equalKeys(secrets.General, again.General) {
			t.Fatal("two servers with one folder have different keys")
		}
	}
	if equalKeys(again.User, again.Customer) || equalKeys(again.User, again.General) || len(again.User[0]) < 32 {
		t.Errorf("the keys aren't different and long: %d bytes", len(again.User[0]))
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
			t.Errorf("%s has mode %o", file.Name(), mode)
		}
	}
	if want := []string{"customer_secret_key", "secret_key", "user_secret_key"}; !slices.Equal(names, want) {
		t.Errorf("the folder has %v, want %v", names, want)
	}
}

func TestUnusableStoredSecrets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		prepare func(folder string) error
		want    string
	}{
		{"an empty file, as left by a full disk", func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "secret_key"), nil, 0o600)
		}, "the file is empty"},
		{"a folder in its place", func(folder string) error {
			return os.Mkdir(filepath.Join(folder, "secret_key"), 0o700)
		}, "cannot read key"},
		{"a file in the folder's place", func(folder string) error {
			if err := os.Remove(folder); err != nil {
				return err
			}
			return os.WriteFile(folder, []byte("topsecret"), 0o600)
		}, "key"},
	} {
		folder := t.TempDir()
		if err := test.prepare(folder); err != nil {
			t.Fatal(err)
		}
		err := new(Secrets).Complete(folder)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func equalKeys(a, b Keys) bool {
	return slices.EqualFunc(a, b, func(x, y []byte) bool { return string(x) == string(y) })
}
