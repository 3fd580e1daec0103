{{- /* Pods of our classes go only to nodes that are ready for them, if somebody says which. Takes context, nodeSelector and tolerations. */ -}}
{{- define "kubefence.scheduling" -}}
{{- $selector := deepCopy (.nodeSelector | default dict) }}
{{- if .context.Values.nodeReadiness.enabled }}{{ $_ := set $selector "kubefence.io/ready" "true" }}{{ end }}
{{- if or $selector .tolerations }}
scheduling:
  {{- with $selector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
