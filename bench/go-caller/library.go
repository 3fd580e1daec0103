package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
	"github.com/sirupsen/logrus"
)

// libraryRuntime is NRI's own runtime library, as containerd and CRI-O use it: one lock over all requests,
// results merged, and a second request to each plugin that validates adjustments.
type libraryRuntime struct {
	adaptation   *adaptation.Adaptation
	synchronized chan error
	// listening says that Start is over, which synchronizes launched plugins, of which there are none.
	listening atomic.Bool
}

func newLibraryRuntime(socket string) (*libraryRuntime, error) {
	logrus.SetLevel(logrus.WarnLevel)
	r := &libraryRuntime{synchronized: make(chan error, 1)}
	synchronize := func(ctx context.Context, plugin adaptation.SyncCB) error {
		_, err := plugin(ctx, nil, nil)
		if r.listening.Load() {
			r.synchronized <- err
		}
		return err
	}
	update := func(context.Context, []*adaptation.ContainerUpdate) ([]*adaptation.ContainerUpdate, error) {
		return nil, nil
	}
	var err error
	// Both plugins are external ones: these two folders do not exist.
	r.adaptation, err = adaptation.New(runtimeName, runtimeVersion, synchronize, update,
		adaptation.WithSocketPath(socket), adaptation.WithPluginPath(socket+".plugins"), adaptation.WithPluginConfigPath(socket+".conf"))
	if err != nil {
		return nil, err
	}
	err = r.adaptation.Start()
	r.listening.Store(true)
	return r, err
}

func (r *libraryRuntime) connected(ctx context.Context) error {
	select {
	case err := <-r.synchronized:
		// The library lists the plugin after this; its lock says when.
		r.adaptation.BlockPluginSync().Unblock()
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the plugin to synchronize: %w", ctx.Err())
	}
}

func (r *libraryRuntime) create(ctx context.Context, request *api.CreateContainerRequest) (*api.ContainerAdjustment, error) {
	response, err := r.adaptation.CreateContainer(ctx, request)
	return response.GetAdjust(), err
}

func (r *libraryRuntime) remove(ctx context.Context, request *api.CreateContainerRequest) error {
	if _, err := r.adaptation.StopContainer(ctx, &api.StopContainerRequest{Pod: request.Pod, Container: request.Container}); err != nil {
		return err
	}
	return r.adaptation.RemoveContainer(ctx, &api.RemoveContainerRequest{Pod: request.Pod, Container: request.Container})
}

func (r *libraryRuntime) close() { r.adaptation.Stop() }
