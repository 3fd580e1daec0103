package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 10 * time.Second
	stopTimeout  = 5 * time.Second
)

type plugin struct {
	runtime runtime
	process *exec.Cmd
	exited  chan error
}

type caller struct {
	kind      string
	directory string
	plugins   map[string]*plugin
}

// start runs a plugin and measures from before its fork until it is synchronized.
func (c *caller) start(name string, argv []string) (answer, error) {
	if _, running := c.plugins[name]; running {
		return answer{}, fmt.Errorf("plugin %q runs already", name)
	}
	socket := filepath.Join(c.directory, name+".sock")
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return answer{}, err
	}
	runtime, err := newRuntime(c.kind, socket)
	if err != nil {
		return answer{}, err
	}
	log, err := os.OpenFile(filepath.Join(c.directory, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return answer{}, err
	}
	defer log.Close()
	process := exec.Command(argv[0], argv[1:]...)
	process.Stdout, process.Stderr = log, log
	// A plugin never outlives this program.
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	begin := time.Now()
	if err := process.Start(); err != nil {
		return answer{}, err
	}
	started := &plugin{runtime: runtime, process: process, exited: make(chan error, 1)}
	go func() { started.exited <- process.Wait() }()
	c.plugins[name] = started
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	connected := make(chan error, 1)
	go func() { connected <- runtime.connected(ctx) }()
	select {
	case err = <-connected:
	case err = <-started.exited:
		started.exited <- err
		err = fmt.Errorf("the plugin ended before it was synchronized (%v)", err)
	}
	elapsed := time.Since(begin)
	if err != nil {
		_, _ = c.stop(name)
		return answer{}, fmt.Errorf("starting %s: %w; it said: %s", name, err, lastOutput(log.Name()))
	}
	return answer{Pid: process.Process.Pid, Nanoseconds: elapsed.Nanoseconds()}, nil
}

// lastOutput is the end of what a plugin wrote, for an error message.
func lastOutput(path string) string {
	output, err := os.ReadFile(path)
	if err != nil || len(output) == 0 {
		return "nothing"
	}
	return strings.TrimSpace(string(output[max(0, len(output)-1000):]))
}

// stop asks a plugin to end and says how it did: exit code -1 means that it had to be killed.
func (c *caller) stop(name string) (answer, error) {
	plugin, running := c.plugins[name]
	if !running {
		return answer{}, fmt.Errorf("plugin %q is not running", name)
	}
	delete(c.plugins, name)
	defer plugin.runtime.close()
	_ = plugin.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-plugin.exited:
	case <-time.After(stopTimeout):
		_ = plugin.process.Process.Kill()
		<-plugin.exited
	}
	return answer{ExitCode: plugin.process.ProcessState.ExitCode()}, nil
}

func (c *caller) stopAll() {
	for name := range c.plugins {
		_, _ = c.stop(name)
	}
}

// runProcess measures a process from before its fork until it has ended.
func runProcess(argv []string) (answer, error) {
	process := exec.Command(argv[0], argv[1:]...)
	begin := time.Now()
	err := process.Run()
	elapsed := time.Since(begin)
	if err != nil {
		return answer{}, fmt.Errorf("%q: %w", argv, err)
	}
	return answer{Nanoseconds: elapsed.Nanoseconds()}, nil
}
