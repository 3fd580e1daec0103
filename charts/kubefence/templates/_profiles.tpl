{{- /* An operator's own profiles. */ -}}

{{- /* The files of the ConfigMap; empty without a profile. Text is taken as it is: it may have comments. */ -}}
{{- define "kubefence.profiles" -}}
{{- if and .Values.profiles (ne .Values.config.launcher "kubefence") }}
{{- fail (printf "profiles are compiled for our launcher, and config.launcher is %s; install what that reads yourself (docs/reference/launchers.md)" .Values.config.launcher) }}
{{- end }}
{{- range $name, $profile := .Values.profiles }}
{{ $name }}.json: {{ kindIs "string" $profile | ternary $profile (toJson $profile) | toJson }}
{{- end }}
{{- end }}

{{- /* A new profile is a new pod: its init container compiles it. */ -}}
{{- define "kubefence.profilesChecksum" -}}
{{- with include "kubefence.profiles" . -}}
checksum/profiles: {{ . | sha256sum }}
{{- end }}
{{- end }}

{{- define "kubefence.profilesMount" -}}
{{- if .Values.profiles -}}
- name: profiles
  mountPath: /profiles
  readOnly: true
{{- end }}
{{- end }}

{{- define "kubefence.profilesVolume" -}}
{{- if .Values.profiles -}}
- name: profiles
  configMap:
    name: {{ include "kubefence.fullname" . }}-profiles
{{- end }}
{{- end }}
