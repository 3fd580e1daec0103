package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/containerd/nri/pkg/api"
)

// sandboxHandler is the runtime handler that the plugins are configured for; without it they skip the pod.
const sandboxHandler = "nono-runc"

// newRequest builds what containerd sends for a pod of a web service that a kubelet started: 30 mounts, 40
// variables, 7.7 KB. Written by hand after real requests, not recorded. Each number is another pod and container.
func newRequest(number int, sandboxed bool) *api.CreateContainerRequest {
	digest := sha256.Sum256(fmt.Appendf(nil, "container %d", number))
	id := hex.EncodeToString(digest[:])
	digest = sha256.Sum256(fmt.Appendf(nil, "sandbox %d", number))
	sandboxID := hex.EncodeToString(digest[:])
	uid := fmt.Sprintf("%s-%s-4%s-a%s-%s", sandboxID[:8], sandboxID[8:12], sandboxID[13:16], sandboxID[17:20], sandboxID[20:32])
	handler := ""
	if sandboxed {
		handler = sandboxHandler
	}
	const name, namespace = "checkout-7c9f6d5b8-x2k4q", "shop"
	cgroup := "kubepods-burstable-pod" + uid + ".slice"
	pod := &api.PodSandbox{
		Id: sandboxID, Name: name, Uid: uid, Namespace: namespace, RuntimeHandler: handler,
		Labels: map[string]string{
			"app": "checkout", "pod-template-hash": "7c9f6d5b8", "io.kubernetes.pod.name": name,
			"io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.uid": uid,
		},
		Annotations: map[string]string{
			"kubernetes.io/config.seen": "2026-11-22T10:24:31.402118231Z", "kubernetes.io/config.source": "api",
			"nono.sh/profile": "default", "prometheus.io/scrape": "true", "prometheus.io/port": "9464",
			"checksum/config":             "8f1d0c5be1a2f7d6c3b49a07e5d2f8b1c6a3e9d47b20f5c81e6d3a9b7c4f2051",
			"cni.projectcalico.org/podIP": "10.244.1.37/32", "kubectl.kubernetes.io/restartedAt": "2026-11-20T08:01:12Z",
		},
		Linux: &api.LinuxPodSandbox{
			CgroupParent: "/kubepods.slice/kubepods-burstable.slice/" + cgroup,
			Namespaces:   namespaces(4177),
		},
		Ips: []string{"10.244.1.37"},
	}
	container := &api.Container{
		Id: id, PodSandboxId: sandboxID, Name: "app",
		Labels: map[string]string{
			"io.kubernetes.container.name": "app", "io.kubernetes.pod.name": name,
			"io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.uid": uid,
		},
		Annotations: map[string]string{
			"io.kubernetes.container.hash": "5bd17f1c", "io.kubernetes.container.restartCount": "0",
			"io.kubernetes.container.terminationMessagePath":   "/dev/termination-log",
			"io.kubernetes.container.terminationMessagePolicy": "File",
			"io.kubernetes.cri.image-name":                     "registry.example/shop/checkout:2.14.1",
			"io.kubernetes.cri.sandbox-id":                     sandboxID,
		},
		Args:   []string{"/usr/local/bin/node", "--enable-source-maps", "/app/dist/server.js", "--port=8080"},
		Env:    environment(name),
		Mounts: mounts(uid, id, sandboxID),
		Linux: &api.LinuxContainer{
			Namespaces: namespaces(4177),
			Resources: &api.LinuxResources{
				Memory: &api.LinuxMemory{Limit: api.Int64(int64(536870912))},
				Cpu:    &api.LinuxCPU{Shares: api.UInt64(uint64(256)), Quota: api.Int64(int64(100000)), Period: api.UInt64(uint64(100000))},
			},
			OomScoreAdj: api.Int(968),
			CgroupsPath: cgroup + ":cri-containerd:" + id,
		},
		Image: &api.Image{
			Name:         "registry.example/shop/checkout:2.14.1",
			Digest:       "sha256:4d1b6c0fe7a3982b5c1f08d6e2a49b7350c8f1de92a64b07c35d8e1f6a92b4c7",
			ConfigDigest: "sha256:b70e5a1c94d2f8360b1e7fca25d9840e6f13c2a8d745b09e1f62c38a5d740be9",
		},
		User: &api.User{Uid: 1000, Gid: 1000, AdditionalGids: []uint32{1000}},
	}
	return &api.CreateContainerRequest{Pod: pod, Container: container}
}

func namespaces(pid int) []*api.LinuxNamespace {
	list := []*api.LinuxNamespace{{Type: "pid"}, {Type: "mount"}, {Type: "cgroup"}}
	for _, kind := range []string{"ipc", "uts", "network"} {
		file := kind
		if kind == "network" {
			file = "net"
		}
		list = append(list, &api.LinuxNamespace{Type: kind, Path: fmt.Sprintf("/proc/%d/ns/%s", pid, file)})
	}
	return list
}

func environment(pod string) []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + pod,
		"NODE_VERSION=24.21.0", "NODE_ENV=production", "LOG_LEVEL=info", "PORT=8080",
		"DATABASE_HOST=postgres.shop.svc.cluster.local", "DATABASE_NAME=checkout", "CACHE_URL=redis://redis:6379/0",
		"OTEL_SERVICE_NAME=checkout",
		"OTEL_RESOURCE_ATTRIBUTES=k8s.namespace.name=shop,k8s.deployment.name=checkout,service.version=2.14.1", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.observability:4318",
	}
	// A kubelet adds seven variables a Service.
	for index, service := range []string{"KUBERNETES", "POSTGRES", "REDIS", "PAYMENT"} {
		address, port := fmt.Sprintf("10.96.0.%d", index+1), 5432+index
		link := fmt.Sprintf("%s_PORT_%d_TCP", service, port)
		env = append(env,
			service+"_SERVICE_HOST="+address, fmt.Sprintf("%s_SERVICE_PORT=%d", service, port),
			fmt.Sprintf("%s_PORT=tcp://%s:%d", service, address, port), fmt.Sprintf("%s=tcp://%s:%d", link, address, port),
			link+"_PROTO=tcp", fmt.Sprintf("%s_PORT=%d", link, port), link+"_ADDR="+address,
		)
	}
	return env
}

func mounts(uid, id, sandboxID string) []*api.Mount {
	pod := "/var/lib/kubelet/pods/" + uid
	sandbox := "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" + sandboxID
	list := []*api.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"nosuid", "noexec", "nodev", "relatime", "ro"}},
		bind("/etc/hosts", pod+"/etc-hosts", "rw"),
		bind("/dev/termination-log", pod+"/containers/app/"+id[:8], "rw"),
		bind("/etc/hostname", sandbox+"/hostname", "rw"),
		bind("/etc/resolv.conf", sandbox+"/resolv.conf", "rw"),
		bind("/dev/shm", "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/"+sandboxID+"/shm", "rw"),
		bind("/var/run/secrets/kubernetes.io/serviceaccount", pod+"/volumes/kubernetes.io~projected/kube-api-access-9fz4t", "ro"),
	}
	volume := func(kind, name, destination, access string) {
		list = append(list, bind(destination, pod+"/volumes/kubernetes.io~"+kind+"/"+name, access))
	}
	for _, name := range []string{"settings", "features", "templates", "locales", "routes", "limits"} {
		volume("configmap", name, "/etc/checkout/"+name, "ro")
	}
	for _, name := range []string{"tls", "database", "signing", "mail"} {
		volume("secret", name, "/etc/checkout/secrets/"+name, "ro")
	}
	for _, name := range []string{"tmp", "cache", "uploads", "sockets"} {
		volume("empty-dir", name, "/var/checkout/"+name, "rw")
	}
	for _, name := range []string{"pvc-orders/mount", "pvc-reports/mount", "pvc-assets/mount"} {
		volume("csi", name, "/data/"+name[4:len(name)-6], "rw")
	}
	return append(list, bind("/host/zoneinfo", "/usr/share/zoneinfo", "ro"))
}

func bind(destination, source, access string) *api.Mount {
	return &api.Mount{Destination: destination, Type: "bind", Source: source, Options: []string{"rbind", "rprivate", access}}
}
