{{- define "original.selector" -}}
app.kubernetes.io/name: kubefence
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "original.labels" -}}
helm.sh/chart: kubefence-0.1.0
{{ include "original.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "original.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
