package main

import (
	"context"
	"fmt"
	stdruntime "runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/containerd/nri/pkg/api"
	"google.golang.org/protobuf/proto"
)

// load is one measurement: the same requests to each of the named plugins, in alternating blocks, so that
// a slower minute of the machine hits all of them. Within a block only one plugin has anything to do.
type load struct {
	Plugins   []string `json:"plugins"`
	Requests  int      `json:"requests"`
	Callers   int      `json:"callers"`
	Block     int      `json:"block"`
	Sandboxed bool     `json:"sandboxed"`
	// SeccompFilter is a file with the container's own filter, as the OCI runtime specification has it; none if empty.
	SeccompFilter string `json:"seccompFilter"`
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

// measure returns the round trip times of CreateContainer in nanoseconds, for each plugin in order of sending, and in
// how many answers it set a seccomp filter.
func measure(plugins map[string]*plugin, load load) (map[string][]int64, map[string]int, error) {
	filter, err := readFilter(load.SeccompFilter)
	if err != nil {
		return nil, nil, err
	}
	// The caller's own garbage collection would stand in the figures of both plugins: it runs between blocks.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times, filtered := map[string][]int64{}, map[string]int{}
	for sent := 0; sent < load.Requests; sent += load.Block {
		count := min(load.Block, load.Requests-sent)
		for turn := range load.Plugins {
			// Who is first changes from block to block.
			name := load.Plugins[(turn+sent/load.Block)%len(load.Plugins)]
			plugin, ok := plugins[name]
			if !ok {
				return nil, nil, fmt.Errorf("plugin %q is not running", name)
			}
			stdruntime.GC()
			block, withFilter, err := measureBlock(plugin.runtime, count, load, filter)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", name, err)
			}
			times[name] = append(times[name], block...)
			filtered[name] += withFilter
			if err := plugin.settle(); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return times, filtered, nil
}

// measureBlock creates count containers from load.Callers goroutines and then, not timed, removes them.
func measureBlock(runtime runtime, count int, load load, filter *api.LinuxSeccomp) ([]int64, int, error) {
	requests := make([]*api.CreateContainerRequest, count)
	for index := range requests {
		requests[index] = newRequest(nextNumber(), load.Sandboxed)
		requests[index].Container.Linux.SeccompPolicy = filter
	}
	times, filtered := make([]int64, count), make([]bool, count)
	failures := make([]error, load.Callers)
	var callers sync.WaitGroup
	for caller := range load.Callers {
		callers.Go(func() {
			for index := caller; index < count && failures[caller] == nil; index += load.Callers {
				times[index], filtered[index], failures[caller] = timedCreate(runtime, requests[index], load.Sandboxed)
			}
		})
	}
	callers.Wait()
	for _, failure := range failures {
		if failure != nil {
			return nil, 0, failure
		}
	}
	for _, request := range requests {
		if err := runtime.remove(context.Background(), request); err != nil {
			return nil, 0, err
		}
	}
	withFilter := 0
	for _, set := range filtered {
		if set {
			withFilter++
		}
	}
	return times, withFilter, nil
}

// create measures up to the answer with its content, where the container shows a filter up to its arrival.
func create(ctx context.Context, runtime runtime, request *api.CreateContainerRequest) (*api.ContainerAdjustment, time.Duration, error) {
	wire, isWire := runtime.(*wireRuntime)
	start := time.Now()
	if !isWire || request.Container.Linux.SeccompPolicy == nil {
		adjustment, err := runtime.create(ctx, request)
		return adjustment, time.Since(start), err
	}
	undecoded, err := wire.createUndecoded(ctx, request)
	elapsed := time.Since(start)
	if err != nil {
		return nil, 0, err
	}
	response := &api.CreateContainerResponse{}
	err = proto.Unmarshal(undecoded.ProtoReflect().GetUnknown(), response)
	return response.GetAdjust(), elapsed, err
}

// timedCreate also holds the answer against what was asked: a plugin that does less is not faster.
func timedCreate(runtime runtime, request *api.CreateContainerRequest, sandboxed bool) (int64, bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	adjustment, elapsed, err := create(ctx, runtime, request)
	if err != nil {
		return 0, false, fmt.Errorf("CreateContainer: %w", err)
	}
	args := adjustment.GetArgs()
	if wrapped := len(args) > 0 && args[0] == "/nono/nono"; wrapped != sandboxed {
		return 0, false, fmt.Errorf("CreateContainer: sandboxed %t was asked, the answer has args %q", sandboxed, args)
	}
	return elapsed.Nanoseconds(), adjustment.GetLinux().GetSeccompPolicy() != nil, nil
}
