package mongotest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// experiment makes Go use its new JSON decoder. With it, FerretDB, which stores documents as JSON, takes a third less processor time.
const experiment = "GOEXPERIMENT=jsonv2"

// build returns the path of the FerretDB program. It is cached in the user's cache directory by the hash of its
// sources. One of several concurrent test binaries builds it while the others wait.
func build() (string, error) {
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	key, err := hashOf(source)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cacheDir(), "crm-ferretdb", key)
	program := filepath.Join(dir, "ferretdb")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if exists(program) {
		return program, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("cannot make cache: %w", err)
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if exists(program) {
		return program, nil
	}
	return program, compile(source, program)
}

// compile writes the program under another name first, so that nobody finds an incomplete one.
func compile(source, program string) error {
	part := fmt.Sprintf("%s.%d", program, os.Getpid())
	defer func() { _ = os.Remove(part) }()
	command := exec.CommandContext(context.Background(), "go", "build", "-o", part, ".")
	command.Dir = source
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", experiment)
	if output, err := command.CombinedOutput(); err != nil {
		return withOutput(fmt.Errorf("cannot compile %s, which needs its modules in the cache or from the network: %w", source, err),
			string(output))
	}
	return os.Rename(part, program)
}

// sourceDir asks the go command, since a test may be built without source paths.
func sourceDir() (string, error) {
	output, err := exec.CommandContext(context.Background(),
		"go", "list", "-find", "-f", "{{.Dir}}", "crm/db/mongo/mongotest").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = withOutput(err, string(exit.Stderr))
	}
	if err != nil {
		return "", fmt.Errorf("cannot find the sources: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(output)), "..", "ferretdb"), nil
}

func hashOf(source string) (string, error) {
	names, err := filepath.Glob(filepath.Join(source, "*"))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH, experiment)
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("cannot read sources: %w", err)
		}
		_, _ = fmt.Fprintln(sum, filepath.Base(name), len(content))
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return os.TempDir()
	}
	return dir
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
