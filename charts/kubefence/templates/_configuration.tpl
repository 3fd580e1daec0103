{{- /* The plugin's configuration file. A value's key is its name in snake case; an empty map stands for a key that is absent. */ -}}
{{- define "kubefence.configuration" -}}
{{- if and (ne .Values.config.launcher "kubefence") .Values.nodeSetup.enabled }}
{{- fail (printf "config.launcher is %s and nodeSetup.enabled is true: node set-up installs nono-runc, which knows only our launcher; set nodeSetup.enabled=false and register the handler with runc (docs/reference/launchers.md)" .Values.config.launcher) }}
{{- end }}
{{- $launcher := "" }}
{{- if .Values.config.nonoBinPath }}{{ $launcher = printf "%s/nono" (include "kubefence.launcherDirectory" .) }}{{ end }}
{{- $special := dict "runtimeClasses" (include "kubefence.handlers" . | fromJsonArray) "nonoBinPath" $launcher "kataClasses" (include "kubefence.kataClasses" . | fromJsonArray) }}
{{- $keys := dict }}
{{- range $name, $value := merge $special .Values.config }}
{{- if kindIs "float64" $value }}{{ $value = int64 $value }}{{ end }}
{{- if not (and (or (kindIs "map" $value) (eq $name "vmRootfsClasses")) (empty $value)) }}
{{- $_ := set $keys (snakecase $name) $value }}
{{- end }}
{{- end }}
{{- toToml $keys }}
{{- end }}
