{{- /* Parts of the DaemonSets' pods. */ -}}

{{- define "kubefence.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "kubefence.restrictedSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Where pods of all our DaemonSets run. */ -}}
{{- define "kubefence.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* A container that only keeps the pod of a finished set-up alive. Arguments: context, name, text. */ -}}
{{- define "kubefence.sleepingContainer" -}}
- name: {{ .name }}
  image: {{ .context.Values.helperImages.busybox | quote }}
  command: [sh, -c, {{ printf "echo %s; trap 'exit 0' TERM INT; sleep infinity & wait" (squote .text) | quote }}]
  securityContext:
    {{- include "kubefence.restrictedSecurityContext" .context | nindent 4 }}
{{- end }}

{{- /* Where the runtime requires the plugin, these start without it. */ -}}
{{- define "kubefence.tolerationAnnotation" -}}
nono.sh/tolerate-missing-plugin: "true"
{{- end }}
