// Command go-caller plays the container runtime for the benchmark. It starts plugins as its children, speaks NRI
// to them with the official Go packages, and measures. It reads one JSON command a line on stdin and answers each
// with one JSON line on stdout; bench/caller.ts is its only user.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"
)

type command struct {
	Command string   `json:"command"`
	Plugin  string   `json:"plugin"`
	Argv    []string `json:"argv"`
	Load    load     `json:"load"`
}

type answer struct {
	Error        string             `json:"error,omitempty"`
	Pid          int                `json:"pid,omitempty"`
	ExitCode     int                `json:"exitCode"`
	Nanoseconds  int64              `json:"nanoseconds,omitempty"`
	Times        map[string][]int64 `json:"times,omitempty"`
	Filtered     map[string]int     `json:"filtered,omitempty"`
	RequestBytes int                `json:"requestBytes,omitempty"`
}

func main() {
	kind := flag.String("runtime", "wire", "wire: ttRPC client straight on the mux; adaptation: NRI's runtime library")
	directory := flag.String("directory", "", "where sockets (PLUGIN.sock) and plugins' output (PLUGIN.log) go")
	flag.Parse()

	caller := caller{kind: *kind, directory: *directory, plugins: map[string]*plugin{}}
	defer caller.stopAll()
	input := bufio.NewScanner(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for input.Scan() {
		var command command
		var answer answer
		err := json.Unmarshal(input.Bytes(), &command)
		if err == nil {
			answer, err = caller.do(command)
		}
		if err != nil {
			answer.Error = err.Error()
		}
		if err := output.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, "go-caller:", err)
			return
		}
	}
}

func (c *caller) do(command command) (answer, error) {
	switch command.Command {
	case "start":
		return c.start(command.Plugin, command.Argv)
	case "stop":
		return c.stop(command.Plugin)
	case "process":
		return runProcess(command.Argv)
	case "measure":
		times, filtered, err := measure(c.plugins, command.Load)
		return answer{Times: times, Filtered: filtered}, err
	case "describe":
		return answer{RequestBytes: proto.Size(newRequest(1, true))}, nil
	default:
		return answer{}, fmt.Errorf("unknown command %q", command.Command)
	}
}
