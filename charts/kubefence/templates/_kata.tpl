{{- /* Kata: which handler, and what its set-up is told. */ -}}

{{- /*
The handler of RuntimeClass kata-nono-sandbox: ours where the set-up of Kata makes it and nobody chose another. A class's handler cannot be
changed, so a class that is there keeps the one that the original gave it; NOTES say so.
*/ -}}
{{- define "kubefence.kataHandler" -}}
{{- $handler := .Values.runtimeClasses.kataNono.handler }}
{{- if and .Values.kata.enabled (eq $handler "kata-qemu") }}
{{- $handler = "kata-nono-qemu" }}
{{- with lookup "node.k8s.io/v1" "RuntimeClass" "" "kata-nono-sandbox" }}
{{- if eq .handler "kata-qemu" }}{{ $handler = .handler }}{{ end }}
{{- end }}
{{- end }}
{{- $handler }}
{{- end }}

{{- /* The version of Kata in the guest image's tag: the image holds Kata's agent, which belongs to one version. Empty if the tag has none. */ -}}
{{- define "kubefence.kataImageVersion" -}}
{{- regexFind ":v?[0-9]+\\.[0-9]+\\.[0-9]+" .Values.kata.rootfsImage | trimPrefix ":" | trimPrefix "v" }}
{{- end }}

{{- /* What `kubefence node kata` has to know of the node, as list items. A default stands for what the node has. */ -}}
{{- define "kubefence.kataPlaces" -}}
- --root=/host
- --kata-timeout={{ int64 .Values.kata.timeoutSeconds }}
{{- if ne .Values.kata.qemuConfigPath "/opt/kata/share/defaults/kata-containers/runtimes/qemu/configuration-qemu.toml" }}
- --qemu-config={{ .Values.kata.qemuConfigPath }}
{{- end }}
{{- end }}

{{- /* The same for install, which runs twice: once to set up, and then whenever Kata was changed. */ -}}
{{- define "kubefence.kataArguments" -}}
{{- include "kubefence.kataPlaces" . }}
- --directory={{ .Values.hostPaths.kataDir }}
- --share-directory={{ .Values.kata.shareDir }}
{{- if .Values.kata.kernelImage }}
- --kernel=/staging/vmlinux
{{- end }}
{{- if .Values.kata.rootfsImage }}
- --image=/staging/kata-containers-confidential.image
- --kernel-verity-params={{ .Values.kata.kernelVerityParams }}
{{- with include "kubefence.kataImageVersion" . }}
- --image-version={{ . }}
{{- end }}
{{- end }}
- --machine-accelerators={{ .Values.kata.qemu.machineAccelerators }}
- --seccomp-sandbox={{ .Values.kata.qemu.seccompSandbox }}
- --disable-guest-seccomp={{ .Values.kata.qemu.disableGuestSeccomp }}
{{- /* What the plugin admits has to arrive, and nothing else. */}}
{{- $annotations := .Values.config.kataAnnotations }}
{{- if .Values.config.kataPolicySha256 }}
{{- $annotations = concat $annotations (list "io.katacontainers.config.agent.policy" "io.katacontainers.config.hypervisor.cc_init_data") }}
{{- end }}
{{- range uniq $annotations }}
- --annotation={{ . }}
{{- end }}
{{ include "kubefence.kataRuntime" . }}
{{- end }}

{{- /* Which container runtime, and how it is restarted. */ -}}
{{- define "kubefence.kataRuntime" -}}
- --restart={{ .Values.nodeSetup.restart }}
{{- with .Values.nodeSetup.runtime }}
- --runtime={{ . }}
{{- end }}
{{- if ne .Values.containerdConfigPath "/etc/containerd/config.toml" }}
- --config={{ .Values.containerdConfigPath }}
{{- end }}
{{- end }}

{{- /* A container that sets Kata up, without its name. */ -}}
{{- define "kubefence.kataInstall" -}}
image: {{ include "kubefence.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command:
  - /usr/local/bin/kubefence
  - node
  - kata
  - install
  {{- include "kubefence.kataArguments" . | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  privileged: true
volumeMounts:
  - name: host
    mountPath: /host
  - name: staging
    mountPath: /staging
    readOnly: true
{{- end }}
