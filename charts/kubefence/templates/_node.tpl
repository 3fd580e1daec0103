{{- /* Paths of the node and of the container runtime. Where the original has two values for one thing, the one that was changed counts. */ -}}

{{- /* The launcher's directory: the same path on the node, in our pods, and in the plugin's configuration. */ -}}
{{- define "kubefence.launcherDirectory" -}}
{{- $initial := "/opt/nono-nri" }}
{{- $directory := clean .Values.hostPaths.nonoHostDir }}
{{- $fromLauncher := dir (default (printf "%s/nono" $directory) .Values.config.nonoBinPath) }}
{{- if or (eq $fromLauncher $directory) (eq $fromLauncher $initial) }}
{{- $directory }}
{{- else if eq $directory $initial }}
{{- $fromLauncher }}
{{- else }}
{{- fail (printf "hostPaths.nonoHostDir is %s and config.nonoBinPath is %s: they must name the same directory; set one of them" $directory .Values.config.nonoBinPath) }}
{{- end }}
{{- end }}

{{- /* Where the NRI socket's directory is mounted in the plugin's pod, which is what socketPath means there. */ -}}
{{- define "kubefence.socketMountPath" -}}
{{- dir (default "/var/run/nri/nri.sock" .Values.config.socketPath) }}
{{- end }}

{{- define "kubefence.socketHostDirectory" -}}
{{- $directory := clean .Values.hostPaths.nriSocket }}
{{- if and .Values.config.socketPath (eq $directory "/var/run/nri") }}
{{- dir .Values.config.socketPath }}
{{- else }}
{{- $directory }}
{{- end }}
{{- end }}

{{- /* The handlers that the plugin sandboxes, as JSON: the configured ones, and that of a RuntimeClass which promises a sandbox. */ -}}
{{- define "kubefence.handlers" -}}
{{- $handlers := .Values.config.runtimeClasses }}
{{- if .Values.runtimeClasses.kataNono.enabled }}{{ $handlers = append $handlers (include "kubefence.kataHandler" .) }}{{ end }}
{{- $handlers | uniq | toJson }}
{{- end }}

{{- /* Those with Kata behind them whose name does not say so, as JSON. */ -}}
{{- define "kubefence.kataClasses" -}}
{{- $classes := .Values.config.kataClasses }}
{{- $handler := include "kubefence.kataHandler" . }}
{{- if and .Values.runtimeClasses.kataNono.enabled (not (hasPrefix "kata" $handler)) }}{{ $classes = append $classes $handler }}{{ end }}
{{- $classes | uniq | toJson }}
{{- end }}

{{- /*
What pods may tell Kata, as JSON: what the plugin takes for harmless (packages/plugin/src/kata/annotations.ts), and what the operator admits.
Whether a policy is a listed one, only the plugin sees.
*/ -}}
{{- define "kubefence.kataAnnotations" -}}
{{- $names := list
  "io.katacontainers.config.hypervisor.default_vcpus"
  "io.katacontainers.config.hypervisor.default_max_vcpus"
  "io.katacontainers.config.hypervisor.default_memory"
  "io.katacontainers.config.runtime.create_container_timeout"
  "io.katacontainers.container.resource.swappiness"
  "io.katacontainers.container.resource.swap_in_bytes"
}}
{{- if .Values.config.kataPolicySha256 }}
{{- $names = concat $names (list "io.katacontainers.config.agent.policy" "io.katacontainers.config.hypervisor.cc_init_data") }}
{{- end }}
{{- concat $names .Values.config.kataAnnotations | toJson }}
{{- end }}

{{- /* The RuntimeClasses of this release, as JSON. */ -}}
{{- define "kubefence.runtimeClassNames" -}}
{{- $names := list }}
{{- if .Values.runtimeClasses.nonoRunc.enabled }}{{ $names = append $names "nono-runc" }}{{ end }}
{{- if .Values.runtimeClasses.kataNono.enabled }}{{ $names = append $names "kata-nono-sandbox" }}{{ end }}
{{- $names | toJson }}
{{- end }}
