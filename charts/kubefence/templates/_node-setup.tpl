{{- /* Parts of the pods that work on the node itself. */ -}}

{{- /* What every `kubefence node` command has to know, as list items. */ -}}
{{- define "kubefence.nodeArguments" -}}
- --root=/host
- --plugin-config=/etc/nri/conf.d/10-nono-nri.toml
- --program={{ .Values.hostPaths.nonoRuncDir }}/nono-runc
- --restart={{ .Values.nodeSetup.restart }}
{{- with .Values.nodeSetup.runtime }}
- --runtime={{ . }}
{{- end }}
{{- /* A default stands for what the node has. */}}
{{- if ne .Values.containerdConfigPath "/etc/containerd/config.toml" }}
- --config={{ .Values.containerdConfigPath }}
{{- end }}
{{- end }}

{{- /* The node's root and the plugin's configuration, with all rights; an error is in the pod's status. */ -}}
{{- define "kubefence.nodeAccess" -}}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  privileged: true
volumeMounts:
  - name: host
    mountPath: /host
  - name: nri-config
    mountPath: /etc/nri/conf.d
    readOnly: true
{{- end }}

{{- /* Annotations of what is there only while a release is uninstalled. A failed Job stays, for its log. Argument: the order. */ -}}
{{- define "kubefence.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
