package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

var profileName = regexp.MustCompile(`\A[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}\z`)

// Config holds the original's TOML keys. Seccomp profiles are left out: the benchmark compares without one.
type Config struct {
	RuntimeClasses []string `toml:"runtime_classes"`
	DefaultProfile string   `toml:"default_profile"`
	NonoBinPath    string   `toml:"nono_bin_path"`
	SocketPath     string   `toml:"socket_path"`
}

func loadConfig(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading config: %w", err)
	}
	var config Config
	if err := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields().Decode(&config); err != nil {
		return nil, fmt.Errorf("parsing config: %w", err)
	}
	switch {
	case len(config.RuntimeClasses) == 0:
		return nil, errors.New("config: runtime_classes must not be empty")
	case !profileName.MatchString(config.DefaultProfile):
		return nil, fmt.Errorf("config: default_profile %q is invalid: must match %s", config.DefaultProfile, profileName)
	case !filepath.IsAbs(config.NonoBinPath):
		return nil, fmt.Errorf("config: nono_bin_path %q must be an absolute path", config.NonoBinPath)
	}
	return &config, nil
}
