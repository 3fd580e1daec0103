package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// Longer than the silence (15 ms) after which ours collects and rehearses.
	settleStep = 25 * time.Millisecond
	// What an idle plugin may use within a step: timers, a garbage collector that returns memory.
	idleWithinStep = 500 * time.Microsecond
	settleLimit    = 20 * time.Second
)

// settle waits until the plugin has finished what it does after its answers, so that it pays for its own work and
// the other plugin's block does not.
func (p *plugin) settle() error {
	deadline := time.Now().Add(settleLimit)
	before, err := processorTime(p.process.Process.Pid)
	for err == nil && time.Now().Before(deadline) {
		time.Sleep(settleStep)
		var now time.Duration
		if now, err = processorTime(p.process.Process.Pid); err == nil && now-before < idleWithinStep {
			return nil
		}
		before = now
	}
	return errors.Join(err, fmt.Errorf("still busy %s after its last answer", settleLimit))
}

// processorTime is what all threads of a process have used so far.
func processorTime(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // The thread has ended meanwhile.
		}
		if err != nil {
			return 0, err
		}
		used, err := time.ParseDuration(strings.Fields(string(text))[0] + "ns")
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}
