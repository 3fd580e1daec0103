package main

import (
	"context"

	"github.com/containerd/nri/pkg/api"
)

// What the plugins are told about this runtime: values of a containerd that carries NRI 0.12.
const (
	runtimeName    = "containerd"
	runtimeVersion = "v2.3.7"
)

// runtime is the runtime's side for one plugin, on one socket.
type runtime interface {
	// connected waits for the plugin and returns when the exchange of Synchronize has ended.
	connected(ctx context.Context) error
	create(ctx context.Context, request *api.CreateContainerRequest) (*api.ContainerAdjustment, error)
	// remove tells the plugin that the container stopped and was removed.
	remove(ctx context.Context, request *api.CreateContainerRequest) error
	close()
}

func newRuntime(kind, socket string) (runtime, error) {
	if kind == "adaptation" {
		return newLibraryRuntime(socket)
	}
	return newWireRuntime(socket)
}
