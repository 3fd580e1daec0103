// Command nri-adaptation is a container runtime as far as NRI can see: it runs the official runtime library
// (github.com/containerd/nri/pkg/adaptation) and does what it is told on standard input, one JSON object a line.
//
//	{"id": 1, "do": "CreateContainer", "request": {...}}   ->   {"id": 1, "response": {...}} or {"id": 1, "error": "..."}
//
// Start and Stop begin and end to serve; SetObjects takes a SynchronizeRequest with what plugins are synchronized with;
// all other names are those of the library. Messages are protobuf's JSON. What happens without a command is told too:
// {"event": "synchronized"} and {"event": "updates", "response": {...}}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

type command struct {
	ID      int             `json:"id"`
	Do      string          `json:"do"`
	Request json.RawMessage `json:"request"`
}

type report struct {
	ID       int             `json:"id,omitempty"`
	Event    string          `json:"event,omitempty"`
	Response json.RawMessage `json:"response,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// A method of the library, with its messages as JSON.
type method func(ctx context.Context, request json.RawMessage) (proto.Message, error)

type runtime struct {
	*adaptation.Adaptation
	options []adaptation.Option
	objects struct {
		sync.Mutex
		api.SynchronizeRequest
	}
	output   sync.Mutex
	starting atomic.Bool
}

var (
	socket  = flag.String("socket", "", "path of the socket to serve")
	plugins = flag.String("plugins", "", "folder of plugins to start")
	config  = flag.String("config", "", "folder of their configuration")
	timeout = flag.Duration("timeout", 2*time.Second, "request time-out")
	name    = flag.String("name", "containerd", "runtime name to report")
	version = flag.String("version", "v2.3.7", "runtime version to report")
)

func main() {
	flag.Parse()
	adaptation.SetPluginRequestTimeout(*timeout)
	r := &runtime{options: []adaptation.Option{
		adaptation.WithSocketPath(*socket),
		adaptation.WithPluginPath(*plugins),
		adaptation.WithPluginConfigPath(*config),
	}}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if c.Do == "Start" || c.Do == "Stop" || c.Do == "SetObjects" {
			r.answer(c)
		} else {
			go r.answer(c)
		}
	}
}

func (r *runtime) answer(c command) {
	response, err := r.carryOut(c)
	answer := report{ID: c.ID}
	if err != nil {
		answer.Error = err.Error()
	} else {
		answer.Response = toJSON(response)
	}
	r.tell(answer)
}

func (r *runtime) carryOut(c command) (proto.Message, error) {
	switch c.Do {
	case "Start":
		return nil, r.start()
	case "Stop":
		r.Stop()
		return nil, nil
	case "SetObjects":
		r.objects.Lock()
		defer r.objects.Unlock()
		return nil, protojson.Unmarshal(c.Request, &r.objects.SynchronizeRequest)
	}
	call, ok := r.methods()[c.Do]
	if !ok {
		return nil, fmt.Errorf("no method %q", c.Do)
	}
	// As runtimes do: no operation while a plugin is synchronized, and before it is in the list of plugins.
	defer r.BlockPluginSync().Unblock()
	return call(context.Background(), c.Request)
}

func (r *runtime) methods() map[string]method {
	return map[string]method{
		"RunPodSandbox":        notify(r.RunPodSandbox),
		"StopPodSandbox":       notify(r.StopPodSandbox),
		"RemovePodSandbox":     notify(r.RemovePodSandbox),
		"UpdatePodSandbox":     exchange(r.UpdatePodSandbox),
		"PostUpdatePodSandbox": notify(r.PostUpdatePodSandbox),
		"CreateContainer":      exchange(r.CreateContainer),
		"PostCreateContainer":  notify(r.PostCreateContainer),
		"StartContainer":       notify(r.StartContainer),
		"PostStartContainer":   notify(r.PostStartContainer),
		"UpdateContainer":      exchange(r.UpdateContainer),
		"PostUpdateContainer":  notify(r.PostUpdateContainer),
		"StopContainer":        exchange(r.StopContainer),
		"RemoveContainer":      notify(r.RemoveContainer),
	}
}

// The library cannot be started again once it was stopped.
func (r *runtime) start() error {
	var err error
	r.Adaptation, err = adaptation.New(*name, *version, r.synchronize, r.update, r.options...)
	if err != nil {
		return err
	}
	r.starting.Store(true)
	defer r.starting.Store(false)
	return r.Start()
}

func (r *runtime) synchronize(ctx context.Context, done adaptation.SyncCB) error {
	r.objects.Lock()
	defer r.objects.Unlock()
	updates, err := done(ctx, r.objects.Pods, r.objects.Containers)
	if err != nil {
		r.tell(report{Event: "synchronized", Error: err.Error()})
		return err
	}
	// Start itself synchronizes the plugins that it has started, also when there are none.
	if !r.starting.Load() {
		r.tell(report{Event: "synchronized", Response: toJSON(&api.SynchronizeResponse{Update: updates})})
	}
	return nil
}

// Makes all updates but those of a container named "missing".
func (r *runtime) update(_ context.Context, updates []*api.ContainerUpdate) ([]*api.ContainerUpdate, error) {
	r.tell(report{Event: "updates", Response: toJSON(&api.UpdateContainersRequest{Update: updates})})
	for _, each := range updates {
		if each.ContainerId == "missing" {
			return nil, errors.New("no such container: missing")
		}
	}
	return nil, nil
}

func (r *runtime) tell(what report) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	r.output.Lock()
	defer r.output.Unlock()
	fmt.Println(string(line))
}

func exchange[Q, A any](call func(context.Context, *Q) (*A, error)) method {
	return func(ctx context.Context, raw json.RawMessage) (proto.Message, error) {
		request, err := fromJSON[Q](raw)
		if err != nil {
			return nil, err
		}
		response, err := call(ctx, request)
		if err != nil {
			return nil, err
		}
		return any(response).(proto.Message), nil
	}
}

func notify[Q any](call func(context.Context, *Q) error) method {
	return func(ctx context.Context, raw json.RawMessage) (proto.Message, error) {
		request, err := fromJSON[Q](raw)
		if err != nil {
			return nil, err
		}
		return nil, call(ctx, request)
	}
}

func fromJSON[Q any](raw json.RawMessage) (*Q, error) {
	request := new(Q)
	return request, protojson.Unmarshal(raw, any(request).(proto.Message))
}

func toJSON(message proto.Message) json.RawMessage {
	if message == nil {
		return nil
	}
	raw, err := protojson.Marshal(message)
	if err != nil {
		panic(err)
	}
	return raw
}
