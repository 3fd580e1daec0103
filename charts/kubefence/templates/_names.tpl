{{- /* Names and labels: the original's, so that an upgrade finds its own objects. */ -}}

{{- define "kubefence.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "kubefence.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kubefence.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* The plugin's pods carry these and no component; the set-up DaemonSets add one. A selector cannot be changed later. */ -}}
{{- define "kubefence.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kubefence.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kubefence.labels" -}}
helm.sh/chart: {{ include "kubefence.chart" . }}
{{ include "kubefence.selectorLabels" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* The plugin needs an account of its own only to change its node; SecurityContextConstraints bind to one. */ -}}
{{- define "kubefence.hasServiceAccount" -}}
{{- if or .Values.serviceAccount.create .Values.nodeReadiness.enabled .Values.openshift.securityContextConstraints }}yes{{ end }}
{{- end }}

{{- /* Named in any case: to take the name away leaves its deprecated twin, serviceAccount, and with it a name of what is gone. */ -}}
{{- define "kubefence.serviceAccountName" -}}
{{- if include "kubefence.hasServiceAccount" . }}{{ include "kubefence.fullname" . }}{{ else }}default{{ end }}
{{- end }}
