package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/containerd/nri/pkg/api"
)

const (
	annotation  = "nono.sh/profile"
	defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// plugin implements the three handlers of the original; the stub derives the event mask 0x608 from them.
type plugin struct {
	config      *Config
	log         *slog.Logger
	launcherDir string
}

func (p *plugin) CreateContainer(_ context.Context, pod *api.PodSandbox, container *api.Container) (
	*api.ContainerAdjustment, []*api.ContainerUpdate, error,
) {
	handler := pod.GetRuntimeHandler()
	if !slices.Contains(p.config.RuntimeClasses, handler) {
		reason := "runtime_class_not_matched"
		if handler == "" {
			reason = "no_runtime_handler"
		}
		p.log.Info("skip", "decision", "skip", "reason", reason, "container_id", container.GetId(),
			"namespace", pod.GetNamespace(), "pod", pod.GetName(), "profile", "", "runtime_handler", handler)
		return nil, nil, nil
	}

	profile := p.config.DefaultProfile
	if asked, ok := pod.GetAnnotations()[annotation]; ok && profileName.MatchString(asked) {
		profile = asked
	}
	adjustment := adjust(container, profile, p.launcherDir)
	if err := writeState(pod, container.GetId(), profile); err != nil {
		p.log.Warn("failed to write state metadata", "container_id", container.GetId(), "error", err.Error())
	}
	p.log.Info("injected", "decision", "inject", "container_id", container.GetId(),
		"namespace", pod.GetNamespace(), "pod", pod.GetName(), "profile", profile, "runtime_handler", handler)
	return adjustment, nil, nil
}

func (p *plugin) StopContainer(_ context.Context, pod *api.PodSandbox, container *api.Container) ([]*api.ContainerUpdate, error) {
	p.forget("container-stopping", pod, container)
	return nil, nil
}

func (p *plugin) RemoveContainer(_ context.Context, pod *api.PodSandbox, container *api.Container) error {
	p.forget("container-removed", pod, container)
	return nil
}

func (p *plugin) forget(message string, pod *api.PodSandbox, container *api.Container) {
	p.log.Info(message, "container_id", container.GetId(), "pod", pod.GetName(), "namespace", pod.GetNamespace())
	if err := removeState(pod.GetUid(), container.GetId()); err != nil {
		p.log.Warn("failed to remove state metadata", "container_id", container.GetId(), "error", err.Error())
	}
}

// adjust puts the launcher in front of the command, mounts its directory and sets the two variables.
func adjust(container *api.Container, profile, launcherDir string) *api.ContainerAdjustment {
	adjustment := &api.ContainerAdjustment{}
	adjustment.SetArgs(append([]string{"/nono/nono", "wrap", "--profile", profile, "--"}, container.GetArgs()...))
	adjustment.AddMount(&api.Mount{
		Destination: "/nono", Type: "bind", Source: launcherDir, Options: []string{"bind", "ro", "rprivate"},
	})
	path := defaultPath
	for _, entry := range container.GetEnv() {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			path = value
			break
		}
	}
	adjustment.RemoveEnv("NONO_PROFILE")
	adjustment.AddEnv("NONO_PROFILE", profile)
	adjustment.RemoveEnv("PATH")
	adjustment.AddEnv("PATH", "/nono:"+path)
	return adjustment
}
