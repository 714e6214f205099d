{{/*
What must be given, and what does not go together, in sentences that name the value. The schema has checked the form of
each value by itself before; secrets are checked here, where their value is not printed.
*/}}
{{- define "precede.validate" -}}
{{- include "precede.validate.addresses" . -}}
{{- include "precede.validate.secrets" . -}}
{{- include "precede.validate.kafka" . -}}
{{- include "precede.validate.scaling" . -}}
{{- include "precede.validate.enforcer" . -}}
{{- include "precede.validate.network" . -}}
{{- include "precede.validate.monitoring" . -}}
{{- end -}}

{{- define "precede.hasJobs" -}}
{{- if or .Values.setup.topics.enabled .Values.setup.migrate.enabled -}}true{{- end -}}
{{- end -}}

{{- define "precede.validate.addresses" -}}
{{- $v := .Values -}}
{{- if not $v.kafka.brokers -}}
{{- fail "kafka.brokers is required: a list of Kafka bootstrap addresses, such as [kafka-bootstrap.kafka.svc:9092]." -}}
{{- end -}}
{{- if not $v.schemaRegistry.url -}}
{{- fail "schemaRegistry.url is required: the address of a Confluent-compatible schema registry, such as http://registry.kafka.svc:8080/apis/ccompat/v7." -}}
{{- end -}}
{{- if and (not $v.clickhouse.url) (or $v.scorer.enabled $v.control.enabled $v.setup.migrate.enabled) -}}
{{- fail "clickhouse.url is required: the HTTP address of ClickHouse, such as http://clickhouse.clickhouse.svc:8123." -}}
{{- end -}}
{{- end -}}

{{/* Takes path, from and why. */}}
{{- define "precede.validate.given" -}}
{{- if not (or .from.value .from.existingSecret) -}}
{{- fail (printf "%s is required: set %s.existingSecret to the name of a Secret that has the key %q, or %s.value. %s" .path .path .from.key .path .why) -}}
{{- end -}}
{{- end -}}

{{/* Takes path, from, pattern and rule. */}}
{{- define "precede.validate.form" -}}
{{- if and .from.value (not (regexMatch .pattern .from.value)) -}}
{{- fail (printf "%s.value must be %s; the value is not shown." .path .rule) -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate.secrets" -}}
{{- $v := .Values -}}
{{- if or $v.ingest.enabled $v.enforcer.enabled -}}
{{- include "precede.validate.given" (dict "path" "auth.sessionKey" "from" $v.auth.sessionKey "why" "Make one with: openssl rand -hex 32") -}}
{{- end -}}
{{- if $v.control.enabled -}}
{{- include "precede.validate.given" (dict "path" "auth.adminToken" "from" $v.auth.adminToken "why" "Make one with: openssl rand -hex 24") -}}
{{- end -}}
{{- range (include "precede.credentials" . | fromJson).items -}}
{{- if and .from.value .from.existingSecret -}}
{{- fail (printf "%s has both value and existingSecret: set one of them." .path) -}}
{{- end -}}
{{- end -}}
{{- include "precede.validate.form" (dict "path" "auth.sessionKey" "from" $v.auth.sessionKey "pattern" "^[0-9a-fA-F]{64}$" "rule" "32 bytes as 64 hex digits") -}}
{{- include "precede.validate.form" (dict "path" "auth.adminToken" "from" $v.auth.adminToken "pattern" "^[!-~]{16,}$" "rule" "at least 16 printable characters without spaces") -}}
{{- include "precede.validate.form" (dict "path" "enforcer.cookieKeys" "from" $v.enforcer.cookieKeys "pattern" "^[A-Za-z0-9_-]{1,16}:[0-9a-fA-F]{64}(,[A-Za-z0-9_-]{1,16}:[0-9a-fA-F]{64})*$" "rule" "items ID:64 hex digits parted by commas") -}}
{{- include "precede.validate.form" (dict "path" "enforcer.valkey.url" "from" $v.enforcer.valkey.url "pattern" "^(redis|valkey)s?://[^/]+(/[0-9]*)?$" "rule" "an address such as rediss://HOST:6379") -}}
{{- range (include "precede.authorities" . | fromJson).items -}}
{{- if gt (len (compact (list .from.pem .from.existingSecret .from.existingConfigMap))) 1 -}}
{{- fail (printf "%s has more than one of pem, existingSecret and existingConfigMap: set one of them." .path) -}}
{{- end -}}
{{- end -}}
{{- if and (include "precede.hasJobs" .) $v.setup.clickhouse.username -}}
{{- include "precede.validate.given" (dict "path" "setup.clickhouse.password" "from" $v.setup.clickhouse.password "why" "setup.clickhouse.username is set.") -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate.kafka" -}}
{{- $kafka := .Values.kafka -}}
{{- $ca := $kafka.tls.ca -}}
{{- if and (not $kafka.tls.enabled) (or $ca.pem $ca.existingSecret $ca.existingConfigMap $kafka.tls.clientCertificate.existingSecret) -}}
{{- fail "kafka.tls.ca or kafka.tls.clientCertificate is set and kafka.tls.enabled is false: set kafka.tls.enabled, or take them away." -}}
{{- end -}}
{{- $password := $kafka.sasl.password -}}
{{- if ne $kafka.sasl.mechanism "none" -}}
{{- if not $kafka.sasl.username -}}
{{- fail (printf "kafka.sasl.username is required with kafka.sasl.mechanism %s." $kafka.sasl.mechanism) -}}
{{- end -}}
{{- include "precede.validate.given" (dict "path" "kafka.sasl.password" "from" $password "why" (printf "kafka.sasl.mechanism is %s." $kafka.sasl.mechanism)) -}}
{{- if and (include "precede.hasJobs" .) .Values.setup.kafka.username -}}
{{- include "precede.validate.given" (dict "path" "setup.kafka.password" "from" .Values.setup.kafka.password "why" "setup.kafka.username is set.") -}}
{{- end -}}
{{- else if or $kafka.sasl.username $password.value $password.existingSecret -}}
{{- fail "kafka.sasl.username or kafka.sasl.password is set and kafka.sasl.mechanism is none: set kafka.sasl.mechanism to plain, scram-sha-256 or scram-sha-512." -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate.scaling" -}}
{{- range $name := list "ingest" "sessionizer" "scorer" "enforcer" -}}
{{- $service := index $.Values $name -}}
{{- $autoscaling := $service.autoscaling -}}
{{- $keda := default dict $autoscaling.keda -}}
{{- if and $autoscaling.hpa.enabled $keda.enabled -}}
{{- fail (printf "%s.autoscaling.hpa.enabled and %s.autoscaling.keda.enabled exclude each other: KEDA makes a HorizontalPodAutoscaler of its own." $name $name) -}}
{{- end -}}
{{- if include "precede.isScaled" $service -}}
{{- if gt (int $autoscaling.minReplicas) (int $autoscaling.maxReplicas) -}}
{{- fail (printf "%s.autoscaling.minReplicas is greater than %s.autoscaling.maxReplicas." $name $name) -}}
{{- end -}}
{{- if and (has $name (list "sessionizer" "scorer")) (gt (int $autoscaling.maxReplicas) (int $.Values.kafka.partitions)) -}}
{{- fail (printf "%s.autoscaling.maxReplicas is greater than kafka.partitions (%d): a pod without a partition has nothing to do." $name (int $.Values.kafka.partitions)) -}}
{{- end -}}
{{- end -}}
{{- if and $autoscaling.hpa.enabled (not $autoscaling.hpa.metrics) (not (dig "requests" "cpu" "" $service.resources)) -}}
{{- fail (printf "%s.resources.requests.cpu is required with %s.autoscaling.hpa.enabled: CPU is measured against it. Or set %s.autoscaling.hpa.metrics." $name $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate.enforcer" -}}
{{- $enforcer := .Values.enforcer -}}
{{- $url := $enforcer.valkey.url -}}
{{- range $variable := list "PRECEDE_ENFORCER_SESSION_STORE" "PRECEDE_ENFORCER_RATE_STORE" -}}
{{- if and (eq (get $enforcer.settings $variable) "valkey") (not (or $url.value $url.existingSecret)) -}}
{{- fail (printf "enforcer.valkey.url is required with enforcer.settings.%s valkey: set enforcer.valkey.url.existingSecret or enforcer.valkey.url.value." $variable) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate.network" -}}
{{- range $name := list "ingest" "control" -}}
{{- $service := index $.Values $name -}}
{{- if and $service.ingress.enabled (not $service.ingress.hosts) -}}
{{- fail (printf "%s.ingress.hosts is required with %s.ingress.enabled: a list such as [{host: %s.example.com}]." $name $name $name) -}}
{{- end -}}
{{- if and $service.httpRoute.enabled (not $service.httpRoute.parentRefs) -}}
{{- fail (printf "%s.httpRoute.parentRefs is required with %s.httpRoute.enabled: a list such as [{name: gateway}]." $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "precede.validate.monitoring" -}}
{{- $monitoring := .Values.monitoring -}}
{{- if and $monitoring.serviceMonitor.enabled $monitoring.podMonitor.enabled -}}
{{- fail "monitoring.serviceMonitor.enabled and monitoring.podMonitor.enabled exclude each other: every pod would be scraped twice." -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (or $monitoring.serviceMonitor.enabled $monitoring.podMonitor.enabled) (not .Values.networkPolicy.ingress.metrics) -}}
{{- fail "networkPolicy.ingress.metrics is required with a monitor: a list such as [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}], or Prometheus reaches nothing." -}}
{{- end -}}
{{- if and $monitoring.prometheusRule.enabled (not (.Files.Get "files/alerts.yaml")) -}}
{{- fail "monitoring.prometheusRule.enabled needs files/alerts.yaml, which this copy of the chart lacks." -}}
{{- end -}}
{{- end -}}
