package main

import (
	"context"
	"fmt"
	stdruntime "runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/containerd/nri/pkg/api"
)

// load is one measurement: the same requests to each of the named plugins, in alternating blocks, so that
// a slower minute of the machine hits all of them. Within a block only one plugin has anything to do.
type load struct {
	Plugins   []string `json:"plugins"`
	Requests  int      `json:"requests"`
	Callers   int      `json:"callers"`
	Block     int      `json:"block"`
	Sandboxed bool     `json:"sandboxed"`
}

var (
	numberLock sync.Mutex
	lastNumber int
)

func nextNumber() int {
	numberLock.Lock()
	defer numberLock.Unlock()
	lastNumber++
	return lastNumber
}

// measure returns the round trip times of CreateContainer in nanoseconds, for each plugin in order of sending.
func measure(plugins map[string]*plugin, load load) (map[string][]int64, error) {
	// The caller's own garbage collection would stand in the figures of both plugins: it runs between blocks.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times := map[string][]int64{}
	for sent := 0; sent < load.Requests; sent += load.Block {
		count := min(load.Block, load.Requests-sent)
		for turn := range load.Plugins {
			// Who is first changes from block to block.
			name := load.Plugins[(turn+sent/load.Block)%len(load.Plugins)]
			plugin, ok := plugins[name]
			if !ok {
				return nil, fmt.Errorf("plugin %q is not running", name)
			}
			stdruntime.GC()
			block, err := measureBlock(plugin.runtime, count, load)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			times[name] = append(times[name], block...)
			if err := plugin.settle(); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return times, nil
}

// measureBlock creates count containers from load.Callers goroutines and then, not timed, removes them.
func measureBlock(runtime runtime, count int, load load) ([]int64, error) {
	requests := make([]*api.CreateContainerRequest, count)
	for index := range requests {
		requests[index] = newRequest(nextNumber(), load.Sandboxed)
	}
	times := make([]int64, count)
	failures := make([]error, load.Callers)
	var callers sync.WaitGroup
	for caller := range load.Callers {
		callers.Go(func() {
			for index := caller; index < count && failures[caller] == nil; index += load.Callers {
				times[index], failures[caller] = timedCreate(runtime, requests[index], load.Sandboxed)
			}
		})
	}
	callers.Wait()
	for _, failure := range failures {
		if failure != nil {
			return nil, failure
		}
	}
	for _, request := range requests {
		if err := runtime.remove(context.Background(), request); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// timedCreate also holds the answer against what was asked: a plugin that does less is not faster.
func timedCreate(runtime runtime, request *api.CreateContainerRequest, sandboxed bool) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	start := time.Now()
	adjustment, err := runtime.create(ctx, request)
	elapsed := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("CreateContainer: %w", err)
	}
	args := adjustment.GetArgs()
	if wrapped := len(args) > 0 && args[0] == "/nono/nono"; wrapped != sandboxed {
		return 0, fmt.Errorf("CreateContainer: sandboxed %t was asked, the answer has args %q", sandboxed, args)
	}
	return elapsed.Nanoseconds(), nil
}
