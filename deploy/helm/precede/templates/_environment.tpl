{{/*
The environment of each container: what is no secret as a map (it becomes a ConfigMap), what is one as credentials
(each in a Secret, the chart's own or an existing one), certificate authorities from wherever they are.
*/}}

{{/* A whole number that YAML has read as a float is written as the number that was meant. */}}
{{- define "precede.text" -}}
{{- if kindIs "float64" . -}}
{{- if eq (floor .) . -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{/* Takes root and component: the five services, or `setup`. Gives a YAML map of names and texts. */}}
{{- define "precede.config" -}}
{{- $values := .root.Values -}}
{{- $is := dict .component true -}}
{{- $config := dict
  "PRECEDE_KAFKA_BROKERS" (join "," $values.kafka.brokers)
  "PRECEDE_KAFKA_TOPIC_PREFIX" $values.kafka.topicPrefix
  "PRECEDE_KAFKA_PARTITIONS" $values.kafka.partitions
  "PRECEDE_KAFKA_REPLICATION_FACTOR" $values.kafka.replicationFactor
  "PRECEDE_KAFKA_TLS" $values.kafka.tls.enabled
  "PRECEDE_KAFKA_SASL_MECHANISM" $values.kafka.sasl.mechanism
  "PRECEDE_SCHEMA_REGISTRY_URL" $values.schemaRegistry.url
-}}
{{- if ne $values.kafka.sasl.mechanism "none" -}}
{{- $username := $values.kafka.sasl.username -}}
{{- if $is.setup -}}{{- $username = default $username $values.setup.kafka.username -}}{{- end -}}
{{- $_ := set $config "PRECEDE_KAFKA_SASL_USERNAME" $username -}}
{{- end -}}
{{- with $values.schemaRegistry.username -}}
{{- $_ := set $config "PRECEDE_SCHEMA_REGISTRY_USERNAME" . -}}
{{- end -}}
{{- if or $is.scorer $is.control $is.setup -}}
{{- $config = merge $config (include "precede.config.clickhouse" . | fromYaml) -}}
{{- end -}}
{{- if not $is.setup -}}
{{- $config = merge $config (include "precede.config.service" . | fromYaml) -}}
{{- end -}}
{{- $component := .component -}}
{{- range (include "precede.authorities" .root | fromJson).items -}}
{{- if and .from.pem (has $component .components) -}}{{- $_ := set $config .env .from.pem -}}{{- end -}}
{{- end -}}
{{- $texts := dict -}}
{{- range $name, $value := mergeOverwrite $config $values.settings (index $values .component "settings" | default dict) -}}
{{- $_ := set $texts $name (include "precede.text" $value) -}}
{{- end -}}
{{- toYaml $texts -}}
{{- end -}}

{{- define "precede.config.clickhouse" -}}
{{- $clickhouse := .root.Values.clickhouse -}}
{{- $username := $clickhouse.username -}}
{{- if eq .component "setup" -}}{{- $username = default $username .root.Values.setup.clickhouse.username -}}{{- end -}}
PRECEDE_CLICKHOUSE_URL: {{ $clickhouse.url | quote }}
PRECEDE_CLICKHOUSE_DATABASE: {{ $clickhouse.database | quote }}
PRECEDE_CLICKHOUSE_USERNAME: {{ $username | quote }}
PRECEDE_CLICKHOUSE_CLUSTER: {{ $clickhouse.cluster | quote }}
PRECEDE_CLICKHOUSE_INSERT_QUORUM: {{ $clickhouse.insertQuorum | quote }}
{{- if ne .component "setup" }}
PRECEDE_CLICKHOUSE_MIGRATE: "false"
{{- end }}
{{- if has .component (list "scorer" "setup") }}
PRECEDE_CLICKHOUSE_KEEP_COUNTS: {{ $clickhouse.keep.counts | quote }}
PRECEDE_CLICKHOUSE_KEEP_SCORES: {{ $clickhouse.keep.scores | quote }}
PRECEDE_CLICKHOUSE_KEEP_SESSIONS: {{ $clickhouse.keep.sessions | quote }}
PRECEDE_CLICKHOUSE_KEEP_DECISIONS: {{ $clickhouse.keep.decisions | quote }}
PRECEDE_CLICKHOUSE_KEEP_REQUESTS: {{ $clickhouse.keep.requests | quote }}
{{- end }}
{{- end -}}

{{/* Ports, drain and addresses: what the chart itself decides for a service. */}}
{{- define "precede.config.service" -}}
{{- $values := .root.Values -}}
PRECEDE_{{ upper .component }}_HOST: "0.0.0.0"
PRECEDE_{{ upper .component }}_PORT: "8080"
PRECEDE_KAFKA_CREATE_TOPICS: "false"
{{- with $values.tracing.endpoint }}
PRECEDE_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
PRECEDE_DRAIN: {{ printf "%ds" (int (index $values .component).drainSeconds) | quote }}
{{- if eq .component "enforcer" }}
PRECEDE_ENFORCER_GRPC_PORT: "8092"
PRECEDE_ENFORCER_SNAPSHOT_DIR: /var/lib/precede
{{- end }}
{{- if eq .component "control" }}
PRECEDE_CONTROL_INGEST_URL: {{ default (include "precede.url" (dict "root" .root "component" "ingest")) $values.control.urls.ingest | quote }}
PRECEDE_CONTROL_ENFORCER_URL: {{ default (include "precede.url" (dict "root" .root "component" "enforcer")) $values.control.urls.enforcer | quote }}
PRECEDE_CONTROL_CLICKHOUSE_URL: {{ default $values.clickhouse.url $values.control.urls.clickhouse | quote }}
{{- end }}
{{- end -}}

{{/* Where a service is reached in the cluster. */}}
{{- define "precede.url" -}}
{{- printf "http://%s-%s.%s.svc:%d" (include "precede.fullname" .root) .component .root.Release.Namespace (int (index .root.Values .component).service.port) -}}
{{- end -}}
