{{/* What makes an object of the jobs' hook and takes it away with them. Takes the weight. */}}
{{- define "precede.setupHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
