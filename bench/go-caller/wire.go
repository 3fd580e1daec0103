package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/net/multiplex"
	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// requestTimeout is containerd's default plugin_request_timeout.
const requestTimeout = 2 * time.Second

// wireRuntime speaks to a plugin with the official mux and ttRPC client and nothing in between:
// no lock, no merge of results, no validation.
type wireRuntime struct {
	listener   net.Listener
	registered chan *api.RegisterPluginRequest
	mux        multiplex.Mux
	server     *ttrpc.Server
	client     *ttrpc.Client
	plugin     api.PluginService
	events     api.EventMask
}

func newWireRuntime(socket string) (*wireRuntime, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	return &wireRuntime{listener: listener, registered: make(chan *api.RegisterPluginRequest, 1)}, nil
}

func (r *wireRuntime) connected(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		_ = r.listener.(*net.UnixListener).SetDeadline(deadline)
	}
	trunk, err := r.listener.Accept()
	if err != nil {
		return fmt.Errorf("waiting for the plugin to connect: %w", err)
	}
	if err := r.serve(trunk); err != nil {
		return err
	}
	select {
	case <-r.registered:
	case <-ctx.Done():
		return fmt.Errorf("waiting for RegisterPlugin: %w", ctx.Err())
	}
	configured, err := r.plugin.Configure(ctx, &api.ConfigureRequest{
		RuntimeName: runtimeName, RuntimeVersion: runtimeVersion, NRIVersion: "v0.12.5",
		RegistrationTimeout: 5000, RequestTimeout: requestTimeout.Milliseconds(),
	})
	if err != nil {
		return fmt.Errorf("Configure: %w", err)
	}
	r.events = api.EventMask(configured.GetEvents())
	if _, err := r.plugin.Synchronize(ctx, &api.SynchronizeRequest{}); err != nil {
		return fmt.Errorf("Synchronize: %w", err)
	}
	return nil
}

func (r *wireRuntime) serve(trunk net.Conn) error {
	r.mux = multiplex.Multiplex(trunk, multiplex.WithBlockedRead())
	connection, err := r.mux.Open(multiplex.PluginServiceConn)
	if err != nil {
		return err
	}
	r.client = ttrpc.NewClient(connection)
	r.plugin = api.NewPluginClient(r.client)
	listener, err := r.mux.Listen(multiplex.RuntimeServiceConn)
	if err != nil {
		return err
	}
	if r.server, err = ttrpc.NewServer(); err != nil {
		return err
	}
	api.RegisterRuntimeService(r.server, r)
	go func() { _ = r.server.Serve(context.Background(), listener) }()
	r.mux.Unblock()
	return nil
}

func (r *wireRuntime) RegisterPlugin(_ context.Context, request *api.RegisterPluginRequest) (*api.Empty, error) {
	r.registered <- request
	return &api.Empty{}, nil
}

func (r *wireRuntime) UpdateContainers(context.Context, *api.UpdateContainersRequest) (*api.UpdateContainersResponse, error) {
	return &api.UpdateContainersResponse{}, nil
}

func (r *wireRuntime) create(ctx context.Context, request *api.CreateContainerRequest) (*api.ContainerAdjustment, error) {
	response, err := r.plugin.CreateContainer(ctx, request)
	return response.GetAdjust(), err
}

// createUndecoded leaves the answer's content as it came: what Go takes to read it is not the plugin's doing.
func (r *wireRuntime) createUndecoded(ctx context.Context, request *api.CreateContainerRequest) (*emptypb.Empty, error) {
	response := &emptypb.Empty{}
	return response, r.client.Call(ctx, "nri.pkg.api.v1alpha1.Plugin", "CreateContainer", request, response)
}

func (r *wireRuntime) remove(ctx context.Context, request *api.CreateContainerRequest) error {
	if r.events.IsSet(api.Event_STOP_CONTAINER) {
		if _, err := r.plugin.StopContainer(ctx, &api.StopContainerRequest{Pod: request.Pod, Container: request.Container}); err != nil {
			return fmt.Errorf("StopContainer: %w", err)
		}
	}
	if r.events.IsSet(api.Event_REMOVE_CONTAINER) {
		if _, err := r.plugin.RemoveContainer(ctx, &api.RemoveContainerRequest{Pod: request.Pod, Container: request.Container}); err != nil {
			return fmt.Errorf("RemoveContainer: %w", err)
		}
	}
	return nil
}

func (r *wireRuntime) close() {
	if r.client != nil {
		_ = r.client.Close()
		_ = r.server.Close()
		_ = r.mux.Close()
	}
	_ = r.listener.Close()
}
