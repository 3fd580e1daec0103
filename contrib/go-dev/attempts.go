// Attempts what a Go developer does, and what a bad dependency would do. One line each: ALLOWED or BLOCKED.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

type attempt struct {
	verb string
	what string
}

var attempts = []attempt{
	{"start", "go version"},
	{"start", "go build -o /tmp/built ."},
	{"read", "/etc/passwd"},
	{"write", "/app/output"},
	{"write", os.Getenv("GOPATH") + "/pkg/mod/cache/download"},
	{"write", home() + "/.cache/go-build/entry"},
	{"read", home() + "/.netrc"},
	{"read", "/etc/shadow"},
	{"read", "/var/run/secrets/kubernetes.io/serviceaccount/token"},
	{"write", "/etc/hosts"},
	{"write", "/usr/local/bin/exploit"},
	{"write", filepath.Join(runtime.GOROOT(), "src/fmt/print.go")},
}

func home() string {
	directory, err := os.UserHomeDir()
	if err != nil {
		return "/root"
	}
	return directory
}

func try(verb, what string) error {
	switch verb {
	case "read":
		_, err := os.ReadFile(what)
		return err
	case "write":
		return write(what)
	default:
		words := strings.Fields(what)
		return exec.Command(words[0], words[1:]...).Run()
	}
}

// write opens for writing without changing what is there; a new file is removed again.
func write(path string) error {
	_, err := os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	file.Close()
	if isNew {
		return os.Remove(path)
	}
	return nil
}

func main() {
	failed := false
	for _, attempt := range attempts {
		name := attempt.verb + " " + attempt.what
		err := try(attempt.verb, attempt.what)
		switch {
		case err == nil:
			fmt.Printf("ALLOWED  %s\n", name)
		case errors.Is(err, fs.ErrPermission):
			fmt.Printf("BLOCKED  %s  (permission denied)\n", name)
		default:
			failed = true
			fmt.Printf("FAILED   %s: %v\n", name, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}
