// Command go-plugin is the reference of the benchmark: the plugin 10-nono-nri as the original Go program
// behaves, on the official NRI stub. It does what the original does on its path and nothing more:
// one synchronous handler that decides, adjusts, writes the state file, logs, and then answers.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/containerd/nri/pkg/stub"
)

func main() {
	configPath := flag.String("config", "/etc/nri/conf.d/10-nono-nri.toml", "TOML `file`")
	jsonLog := flag.Bool("json", true, "log JSON to stdout; false: text to stderr")
	logLevel := flag.String("log-level", "info", "slog `level`")
	flag.Parse()
	if err := run(*configPath, *jsonLog, *logLevel); err != nil {
		fmt.Fprintf(os.Stderr, "nono-nri: %v\n", err)
		os.Exit(1)
	}
}

func run(configPath string, jsonLog bool, logLevel string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(logLevel)); err != nil {
		return fmt.Errorf("invalid log level %q: %w", logLevel, err)
	}
	if err := checkKernel(); err != nil {
		return fmt.Errorf("startup check failed: %w", err)
	}
	config, err := loadConfig(configPath)
	if err != nil {
		return fmt.Errorf("loading config: %w", err)
	}
	if err := checkLauncher(config.NonoBinPath); err != nil {
		return err
	}

	logger := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level}))
	if !jsonLog {
		logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	}
	options := []stub.Option{stub.WithPluginName("nono-nri"), stub.WithPluginIdx("10")}
	if config.SocketPath != "" {
		options = append(options, stub.WithSocketPath(config.SocketPath))
	}
	nri, err := stub.New(&plugin{config: config, log: logger, launcherDir: filepath.Dir(config.NonoBinPath)}, options...)
	if err != nil {
		return fmt.Errorf("creating NRI stub: %w", err)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The original stays alive here after a signal; the benchmark needs it to end.
	context.AfterFunc(ctx, func() { os.Exit(0) })
	logger.Info("nono-nri starting",
		"config", configPath, "runtime_classes", config.RuntimeClasses, "default_profile", config.DefaultProfile)
	if err := nri.Run(ctx); err != nil {
		return fmt.Errorf("plugin exited: %w", err)
	}
	return nil
}

// checkKernel refuses kernels below 5.13, the first with Landlock.
func checkKernel() error {
	var name syscall.Utsname
	if err := syscall.Uname(&name); err != nil {
		return err
	}
	var release strings.Builder
	for _, c := range name.Release {
		if c == 0 {
			break
		}
		release.WriteByte(byte(c))
	}
	parts := strings.SplitN(release.String(), ".", 3)
	if len(parts) < 2 {
		parts = []string{"0", "0"}
	}
	major, minor := leadingNumber(parts[0]), leadingNumber(parts[1])
	if major < 5 || major == 5 && minor < 13 {
		return fmt.Errorf("kernel %d.%d is too old: nono-nri requires Linux 5.13+ for Landlock LSM support", major, minor)
	}
	return nil
}

func leadingNumber(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		text = text[:end]
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return number
}

func checkLauncher(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return fmt.Errorf("nono binary not found at %s: %w", path, err)
	case info.Mode()&os.ModeSymlink != 0:
		return fmt.Errorf("%s is a symlink: only regular files are accepted", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s is not executable", path)
	}
	return nil
}
