{{/* NetworkPolicies: who may come in, and where each pod may go. */}}

{{/* The port of an address, or that of its scheme. */}}
{{- define "precede.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (eq $url.scheme "https")) $port -}}
{{- end -}}

{{/* The ports of the brokers, each once: {"items": […]}. */}}
{{- define "precede.brokerPorts" -}}
{{- $ports := list -}}
{{- range .Values.kafka.brokers -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}
{{- end -}}
{{- dict "items" ($ports | uniq | sortAlpha) | toJson -}}
{{- end -}}

{{/* One rule of egress. Takes to, ports and protocols. */}}
{{- define "precede.egressRule" -}}
- ports:
    {{- $protocols := default (list "TCP") .protocols }}
    {{- range .ports }}
    {{- $port := . }}
    {{- range $protocols }}
    - port: {{ int $port }}
      protocol: {{ . }}
    {{- end }}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Everywhere that pods of one component go. Takes root and component. */}}
{{- define "precede.egress" -}}
{{- $values := .root.Values -}}
{{- $egress := $values.networkPolicy.egress -}}
{{ include "precede.egressRule" (dict "to" $egress.dns.to "ports" $egress.dns.ports "protocols" (list "UDP" "TCP")) }}
{{- if eq .component "helm-test" }}
{{ include "precede.egressToServices" .root }}
{{- else }}
{{- $brokers := (include "precede.brokerPorts" .root | fromJson).items }}
{{ include "precede.egressRule" (dict "to" $egress.kafka.to "ports" (default $brokers $egress.kafka.ports)) }}
{{- $registry := list (include "precede.portOf" $values.schemaRegistry.url) }}
{{ include "precede.egressRule" (dict "to" $egress.schemaRegistry.to "ports" (default $registry $egress.schemaRegistry.ports)) }}
{{- end }}
{{- if and $values.clickhouse.url (has .component (list "scorer" "control" "setup")) }}
{{- $clickhouse := list (include "precede.portOf" $values.clickhouse.url) }}
{{ include "precede.egressRule" (dict "to" $egress.clickhouse.to "ports" (default $clickhouse $egress.clickhouse.ports)) }}
{{- end }}
{{- if and (eq .component "enforcer") (or $values.enforcer.valkey.url.value $values.enforcer.valkey.url.existingSecret) }}
{{ include "precede.egressRule" $egress.valkey }}
{{- end }}
{{- if and $values.tracing.endpoint (not (has .component (list "setup" "helm-test"))) }}
{{- $collector := list (include "precede.portOf" $values.tracing.endpoint) }}
{{ include "precede.egressRule" (dict "to" $egress.tracing.to "ports" (default $collector $egress.tracing.ports)) }}
{{- end }}
{{- if and $egress.tokenKeys.ports (has .component (list "ingest" "enforcer")) }}
{{ include "precede.egressRule" $egress.tokenKeys }}
{{- end }}
{{- with $egress.extra }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "precede.egressToServices" -}}
- ports:
    - port: 8080
      protocol: TCP
  to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: {{ include "precede.name" . }}
          app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Who may come in: callers where the service has some (none named: everybody), scrapers, the test. Takes root and component. */}}
{{- define "precede.ingressRules" -}}
{{- $ingress := .root.Values.networkPolicy.ingress -}}
{{- $isCalled := has .component (list "ingest" "enforcer" "control") -}}
{{- $callers := default list (get $ingress .component) -}}
{{- $from := concat $callers $ingress.metrics -}}
{{- if and $isCalled .root.Values.tests.enabled -}}
{{- $test := include "precede.selectorLabels" (dict "root" .root "component" "helm-test") | fromYaml -}}
{{- $from = append $from (dict "podSelector" (dict "matchLabels" $test)) -}}
{{- end -}}
{{- if and $isCalled (not $callers) }}
- ports:
    {{- include "precede.ports" . | nindent 4 }}
{{- else if $from }}
- ports:
    {{- include "precede.ports" . | nindent 4 }}
  from:
    {{- toYaml $from | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "precede.ports" -}}
- port: http
  protocol: TCP
{{- if eq .component "enforcer" }}
- port: grpc
  protocol: TCP
{{- end }}
{{- end -}}
