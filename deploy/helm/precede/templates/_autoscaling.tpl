{{/* What scales a service, and on what. */}}

{{/* Not empty where something else than `replicas` sets the number of pods. Takes the values of a service. */}}
{{- define "precede.isScaled" -}}
{{- $autoscaling := default dict .autoscaling -}}
{{- if or (dig "hpa" "enabled" false $autoscaling) (dig "keda" "enabled" false $autoscaling) -}}true{{- end -}}
{{- end -}}

{{- define "precede.leastPods" -}}
{{- if include "precede.isScaled" . -}}{{ .autoscaling.minReplicas }}{{- else -}}{{ .replicas }}{{- end -}}
{{- end -}}

{{/* Takes root, component and name. */}}
{{- define "precede.scaleTarget" -}}
apiVersion: apps/v1
kind: {{ ternary "StatefulSet" "Deployment" (eq (include "precede.isStateful" .) "true") }}
name: {{ .name }}
{{- end -}}

{{- define "precede.isStateful" -}}
{{- and (eq .component "enforcer") .root.Values.enforcer.persistence.enabled -}}
{{- end -}}

{{/*
Group and topic whose lag tells that a service falls behind. The scorer commits sequences.v1 once an hour, when an epoch
is stored, so its lag there is up to an hour of records at any time; it commits sessions.v1 as it goes.
*/}}
{{- define "precede.lag" -}}
{{- $prefix := .root.Values.kafka.topicPrefix -}}
{{- $group := get (dict "sessionizer" "precede.sessionizer" "scorer" "precede.scorer.sessions") .component -}}
{{- $topic := get (dict "sessionizer" "requests.v1" "scorer" "sessions.v1") .component -}}
consumerGroup: {{ printf "%s%s" $prefix $group | quote }}
topic: {{ printf "%s%s" $prefix $topic | quote }}
{{- end -}}

{{/* One trigger on lag: what Kafka says of a group, or what the scorer says of itself. Takes root, component and name. */}}
{{- define "precede.lagTrigger" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $keda := (index .root.Values .component).autoscaling.keda -}}
{{- if $keda.prometheusAddress -}}
type: prometheus
metadata:
  serverAddress: {{ $keda.prometheusAddress | quote }}
  query: sum(precede_log_lag_records{job="precede", service={{ .component | quote }}, topic="sequences.v1", namespace={{ .root.Release.Namespace | quote }}})
  threshold: {{ include "precede.text" $keda.lagThreshold | quote }}
{{- else -}}
type: kafka
metadata:
  bootstrapServers: {{ join "," $kafka.brokers | quote }}
  {{- include "precede.lag" . | nindent 2 }}
  lagThreshold: {{ include "precede.text" $keda.lagThreshold | quote }}
  # Groups begin at the beginning of a topic, and no more pods than partitions.
  offsetResetPolicy: earliest
  allowIdleConsumers: "false"
  {{- if $kafka.tls.enabled }}
  tls: enable
  {{- end }}
  {{- if ne $kafka.sasl.mechanism "none" }}
  sasl: {{ get (dict "plain" "plaintext" "scram-sha-256" "scram_sha256" "scram-sha-512" "scram_sha512") $kafka.sasl.mechanism }}
  {{- end }}
{{- if include "precede.lagAuthentication" . }}
authenticationRef:
  name: {{ .name }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* What KEDA logs in to Kafka with, empty where nothing is needed: the same places that the services read. */}}
{{- define "precede.lagAuthentication" -}}
{{- if not (index .root.Values .component).autoscaling.keda.prometheusAddress -}}
{{- $kafka := .root.Values.kafka -}}
{{- $config := printf "%s-%s" (include "precede.fullname" .root) .component -}}
{{- $secrets := list -}}
{{- $maps := list -}}
{{- if ne $kafka.sasl.mechanism "none" -}}
{{- $maps = append $maps (dict "parameter" "username" "name" $config "key" "PRECEDE_KAFKA_SASL_USERNAME") -}}
{{- $from := $kafka.sasl.password -}}
{{- $secrets = append $secrets (dict "parameter" "password" "name" (default (include "precede.secretName" .) $from.existingSecret) "key" $from.key) -}}
{{- end -}}
{{- with $kafka.tls.ca -}}
{{- if and $kafka.tls.enabled .existingSecret -}}
{{- $secrets = append $secrets (dict "parameter" "ca" "name" .existingSecret "key" .key) -}}
{{- else if and $kafka.tls.enabled .existingConfigMap -}}
{{- $maps = append $maps (dict "parameter" "ca" "name" .existingConfigMap "key" .key) -}}
{{- else if and $kafka.tls.enabled .pem -}}
{{- $maps = append $maps (dict "parameter" "ca" "name" $config "key" "PRECEDE_KAFKA_TLS_CA") -}}
{{- end -}}
{{- end -}}
{{- with $kafka.tls.clientCertificate -}}
{{- if and $kafka.tls.enabled .existingSecret -}}
{{- $secrets = concat $secrets (list (dict "parameter" "cert" "name" .existingSecret "key" .certKey) (dict "parameter" "key" "name" .existingSecret "key" .keyKey)) -}}
{{- end -}}
{{- end -}}
{{- with $secrets }}
secretTargetRef:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $maps }}
configMapTargetRef:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}
