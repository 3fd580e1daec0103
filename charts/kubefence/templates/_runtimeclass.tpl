{{- /* Pods of our classes go only to nodes that are ready for them, if somebody says which. */ -}}
{{- define "kubefence.scheduling" -}}
{{- if .Values.nodeReadiness.enabled }}
scheduling:
  nodeSelector:
    kubefence.io/ready: "true"
{{- end }}
{{- end }}
