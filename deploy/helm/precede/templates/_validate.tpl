{{/*
What must be given, and what does not go together, in sentences that name the value. The schema has checked the form
of each value by itself before.
*/}}

{{/* Takes path, from and why. */}}
{{- define "precede.validate.given" -}}
{{- if not (or .from.value .from.existingSecret) -}}
{{- fail (printf "%s is required: set %s.existingSecret to the name of a Secret that has the key %q, or %s.value. %s" .path .path .from.key .path .why) -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate" -}}
{{- $v := .Values -}}
{{- $jobs := or $v.setup.topics.enabled $v.setup.migrate.enabled -}}
{{- if not $v.kafka.brokers -}}
{{- fail "kafka.brokers is required: a list of Kafka bootstrap addresses, such as [kafka-bootstrap.kafka.svc:9092]." -}}
{{- end -}}
{{- if not $v.schemaRegistry.url -}}
{{- fail "schemaRegistry.url is required: the address of a Confluent-compatible schema registry, such as http://registry.kafka.svc:8080/apis/ccompat/v7." -}}
{{- end -}}
{{- if and (not $v.clickhouse.url) (or $v.scorer.enabled $v.control.enabled $v.setup.migrate.enabled) -}}
{{- fail "clickhouse.url is required: the HTTP address of ClickHouse, such as http://clickhouse.clickhouse.svc:8123." -}}
{{- end -}}
{{- if or $v.ingest.enabled $v.enforcer.enabled -}}
{{- include "precede.validate.given" (dict "path" "auth.sessionKey" "from" $v.auth.sessionKey "why" "Make one with: openssl rand -hex 32") -}}
{{- end -}}
{{- if $v.control.enabled -}}
{{- include "precede.validate.given" (dict "path" "auth.adminToken" "from" $v.auth.adminToken "why" "Make one with: openssl rand -hex 24") -}}
{{- end -}}
{{- if ne $v.kafka.sasl.mechanism "none" -}}
{{- if not $v.kafka.sasl.username -}}
{{- fail (printf "kafka.sasl.username is required with kafka.sasl.mechanism %s." $v.kafka.sasl.mechanism) -}}
{{- end -}}
{{- include "precede.validate.given" (dict "path" "kafka.sasl.password" "from" $v.kafka.sasl.password "why" (printf "kafka.sasl.mechanism is %s." $v.kafka.sasl.mechanism)) -}}
{{- if and $jobs $v.setup.kafka.username -}}
{{- include "precede.validate.given" (dict "path" "setup.kafka.password" "from" $v.setup.kafka.password "why" "setup.kafka.username is set.") -}}
{{- end -}}
{{- end -}}
{{- if and $jobs $v.setup.clickhouse.username -}}
{{- include "precede.validate.given" (dict "path" "setup.clickhouse.password" "from" $v.setup.clickhouse.password "why" "setup.clickhouse.username is set.") -}}
{{- end -}}
{{- range (include "precede.credentials" . | fromJson).items -}}
{{- if and .from.value .from.existingSecret -}}
{{- fail (printf "%s has both value and existingSecret: set one of them." .path) -}}
{{- end -}}
{{- end -}}
{{- range (include "precede.authorities" . | fromJson).items -}}
{{- if gt (len (compact (list .from.pem .from.existingSecret .from.existingConfigMap))) 1 -}}
{{- fail (printf "%s has more than one of pem, existingSecret and existingConfigMap: set one of them." .path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
