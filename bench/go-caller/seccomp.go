package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/containerd/nri/pkg/api"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// readFilter turns a filter of an OCI configuration into what containerd shows to plugins.
func readFilter(file string) (*api.LinuxSeccomp, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var filter specs.LinuxSeccomp
	if err := json.Unmarshal(text, &filter); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return api.FromOCILinuxSeccomp(&filter), nil
}
