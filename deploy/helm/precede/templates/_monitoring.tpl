{{/* What ServiceMonitor and PodMonitor have in common. */}}

{{/* Alerts and dashboards rest on two labels, here as with compose: job="precede" and service. Takes own and meta. */}}
{{- define "precede.endpoint" -}}
port: http
path: /metrics
{{- with .own.interval }}
interval: {{ . }}
{{- end }}
{{- with .own.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
relabelings:
  - targetLabel: job
    replacement: precede
  - sourceLabels: [__meta_kubernetes_{{ .meta }}_label_app_kubernetes_io_component]
    targetLabel: service
  {{- with .own.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .own.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The five services and nothing else: no jobs, and the enforcer's headless service not a second time. */}}
{{- define "precede.scraped" -}}
matchLabels:
  app.kubernetes.io/name: {{ include "precede.name" . }}
  app.kubernetes.io/instance: {{ .Release.Name }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values: {{ (include "precede.services" . | fromJson).items | toJson }}
{{- end -}}
