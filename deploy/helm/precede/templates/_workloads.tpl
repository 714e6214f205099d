{{/* One volume a pod of the enforcer, kept when the StatefulSet is deleted or scaled down. */}}
{{- define "precede.volumeClaims" -}}
{{- $persistence := .root.Values.enforcer.persistence -}}
volumeClaimTemplates:
  - metadata:
      name: snapshots
      labels:
        {{- include "precede.selectorLabels" . | nindent 8 }}
    spec:
      accessModes:
        {{- toYaml $persistence.accessModes | nindent 8 }}
      {{- with $persistence.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ $persistence.size }}
{{- end -}}
