package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestReadiness checks what /readyz says is wrong, and that it recovers.
func TestReadiness(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no full device")
	}
	folder := filepath.Join(t.TempDir(), "data")
	var unreachable error
	d := &disk{folder: folder}
	mux := http.NewServeMux()
	health{ping: func(context.Context) error { return unreachable }, disk: d}.handle(mux)
	check := func(status int, want readiness) {
		t.Helper()
		d.probed = time.Time{} // probe now
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var got readiness
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil || recorder.Code != status || got != want {
			t.Errorf("got %d %s, %v, want %d %+v", recorder.Code, recorder.Body, err, status, want)
		}
	}
	check(503, readiness{"not ready", "ok", "missing"})
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	check(200, readiness{"ready", "ok", "ok"})
	if err := os.Symlink("/dev/full", filepath.Join(folder, "disk.probe")); err != nil {
		t.Fatal(err)
	}
	check(503, readiness{"not ready", "ok", "full"})
	check(200, readiness{"ready", "ok", "ok"}) // the probe has removed the link
	if os.Getuid() != 0 {                      // who may write everywhere
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		check(503, readiness{"not ready", "ok", "read-only"})
		if err := os.Chmod(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	unreachable = errors.New("no")
	check(503, readiness{"not ready", "unreachable", "ok"})
	unreachable = nil
	check(200, readiness{"ready", "ok", "ok"})
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the folder has %v, %v", left, err)
	}
}

func TestDiskState(t *testing.T) {
	t.Parallel()
	for want, errs := range map[string][]error{
		stateOK: {nil}, diskFull: {syscall.ENOSPC, syscall.EDQUOT}, diskReadOnly: {fs.ErrPermission, syscall.EROFS, syscall.EACCES},
		diskMissing: {fs.ErrNotExist}, diskFailing: {syscall.EIO},
	} {
		for _, err := range errs {
			if err != nil {
				err = errors.Join(&fs.PathError{Op: "write", Path: "x", Err: err}, nil)
			}
			if got := diskState(err); got != want {
				t.Errorf("%v is %s, want %s", err, got, want)
			}
		}
	}
}
