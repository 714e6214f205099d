{{/*
Probes of a service. A start that waits for Kafka and the registry gives up by itself after 60 s; /livez answers while
the event loop runs; /readyz tells the conditions that docs/operations.md lists.
*/}}
{{- define "precede.probes" -}}
{{- $own := default dict (index .root.Values .component).probes -}}
{{- $defaults := dict
  "startup" (dict "httpGet" (dict "path" "/livez" "port" "http") "periodSeconds" 3 "timeoutSeconds" 3 "failureThreshold" 30)
  "liveness" (dict "httpGet" (dict "path" "/livez" "port" "http") "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6)
  "readiness" (dict "httpGet" (dict "path" "/readyz" "port" "http") "periodSeconds" 5 "timeoutSeconds" 3 "failureThreshold" 2)
-}}
{{- $probes := mergeOverwrite $defaults (deepCopy $own) -}}
startupProbe:
  {{- toYaml $probes.startup | nindent 2 }}
livenessProbe:
  {{- toYaml $probes.liveness | nindent 2 }}
readinessProbe:
  {{- toYaml $probes.readiness | nindent 2 }}
{{- end -}}
