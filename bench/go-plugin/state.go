package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/nri/pkg/api"
)

const stateDir = "/var/run/nono-nri"

type metadata struct {
	ContainerID string `json:"container_id"`
	Pod         string `json:"pod"`
	Namespace   string `json:"namespace"`
	Profile     string `json:"profile"`
	Timestamp   string `json:"timestamp"`
}

// entryDir is <stateDir>/<pod uid>/<container id>; both names come from outside and must be plain.
func entryDir(podUID, containerID string) (string, error) {
	for _, name := range []string{podUID, containerID} {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) {
			return "", fmt.Errorf("invalid path component %q", name)
		}
	}
	return filepath.Join(stateDir, podUID, containerID), nil
}

func writeState(pod *api.PodSandbox, containerID, profile string) error {
	dir, err := entryDir(pod.GetUid(), containerID)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(metadata{
		ContainerID: containerID, Pod: pod.GetName(), Namespace: pod.GetNamespace(), Profile: profile,
		Timestamp: time.Now().UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "metadata.json"), text, 0o600)
}

func removeState(podUID, containerID string) error {
	dir, err := entryDir(podUID, containerID)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	// Fails while the pod has other containers; the last one removes it.
	_ = os.Remove(filepath.Dir(dir))
	return nil
}
