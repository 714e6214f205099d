{{/*
Every secret value: which variable it becomes, whose it is, and where it is from. The one list that Secrets,
environments and checksums are made from.
*/}}

{{/* Gives {"items": [{env, path, from, components}]} as JSON; `from` is {value, existingSecret, key}. */}}
{{- define "precede.credentials" -}}
{{- $values := .Values -}}
{{- $log := list "ingest" "sessionizer" "scorer" "enforcer" "control" -}}
{{- $items := list
  (dict "env" "PRECEDE_SESSION_KEY" "path" "auth.sessionKey" "from" $values.auth.sessionKey "components" (list "ingest" "enforcer"))
  (dict "env" "PRECEDE_CONTROL_ADMIN_TOKEN" "path" "auth.adminToken" "from" $values.auth.adminToken "components" (list "control"))
  (dict "env" "PRECEDE_INGEST_TOKEN" "path" "auth.ingestToken" "from" $values.auth.ingestToken "components" (list "ingest" "helm-test"))
  (dict "env" "PRECEDE_ENFORCER_TOKEN" "path" "auth.enforcerToken" "from" $values.auth.enforcerToken "components" (list "enforcer" "helm-test"))
  (dict "env" "PRECEDE_TOKEN" "path" "auth.adminToken" "from" $values.auth.adminToken "components" (list "helm-test"))
  (dict "env" "PRECEDE_SCHEMA_REGISTRY_PASSWORD" "path" "schemaRegistry.password" "from" $values.schemaRegistry.password "components" (append $log "setup"))
  (dict "env" "PRECEDE_ENFORCER_VALKEY_URL" "path" "enforcer.valkey.url" "from" $values.enforcer.valkey.url "components" (list "enforcer"))
  (dict "env" "PRECEDE_ENFORCER_VALKEY_PASSWORD" "path" "enforcer.valkey.password" "from" $values.enforcer.valkey.password "components" (list "enforcer"))
  (dict "env" "PRECEDE_OTLP_HEADERS" "path" "tracing.headers" "from" $values.tracing.headers "components" $log)
  (dict "env" "PRECEDE_ENFORCER_COOKIE_KEYS" "path" "enforcer.cookieKeys" "from" $values.enforcer.cookieKeys "components" (list "enforcer"))
-}}
{{- if ne $values.kafka.sasl.mechanism "none" -}}
{{- $services := dict "env" "PRECEDE_KAFKA_SASL_PASSWORD" "path" "kafka.sasl.password" "from" $values.kafka.sasl.password -}}
{{- $setup := dict "env" "PRECEDE_KAFKA_SASL_PASSWORD" "path" "setup.kafka.password" "from" $values.setup.kafka.password "components" (list "setup") -}}
{{- if $values.setup.kafka.username -}}
{{- $items = append (append $items (set $services "components" $log)) $setup -}}
{{- else -}}
{{- $items = append $items (set $services "components" (append $log "setup")) -}}
{{- end -}}
{{- end -}}
{{- $services := dict "env" "PRECEDE_CLICKHOUSE_PASSWORD" "path" "clickhouse.password" "from" $values.clickhouse.password -}}
{{- $setup := dict "env" "PRECEDE_CLICKHOUSE_PASSWORD" "path" "setup.clickhouse.password" "from" $values.setup.clickhouse.password "components" (list "setup") -}}
{{- if $values.setup.clickhouse.username -}}
{{- $items = append (append $items (set $services "components" (list "scorer" "control"))) $setup -}}
{{- else -}}
{{- $items = append $items (set $services "components" (list "scorer" "control" "setup")) -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* The certificate authorities: no secrets; given as text they stand in the ConfigMap, else wherever they are kept. */}}
{{- define "precede.authorities" -}}
{{- $values := .Values -}}
{{- $log := list "ingest" "sessionizer" "scorer" "enforcer" "control" "setup" -}}
{{- $items := list
  (dict "env" "PRECEDE_SCHEMA_REGISTRY_TLS_CA" "path" "schemaRegistry.tls.ca" "from" $values.schemaRegistry.tls.ca "components" $log)
  (dict "env" "PRECEDE_CLICKHOUSE_TLS_CA" "path" "clickhouse.tls.ca" "from" $values.clickhouse.tls.ca "components" (list "scorer" "control" "setup"))
  (dict "env" "PRECEDE_ENFORCER_VALKEY_TLS_CA" "path" "enforcer.valkey.ca" "from" $values.enforcer.valkey.ca "components" (list "enforcer"))
-}}
{{- if $values.kafka.tls.enabled -}}
{{- $items = append $items (dict "env" "PRECEDE_KAFKA_TLS_CA" "path" "kafka.tls.ca" "from" $values.kafka.tls.ca "components" $log) -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* Client certificates and their keys, which are in Secrets that cert-manager or an operator keeps. */}}
{{- define "precede.certificates" -}}
{{- $values := .Values -}}
{{- $log := list "ingest" "sessionizer" "scorer" "enforcer" "control" "setup" -}}
{{- $items := list
  (dict "env" "PRECEDE_SCHEMA_REGISTRY_TLS" "from" $values.schemaRegistry.tls.clientCertificate "components" $log)
  (dict "env" "PRECEDE_CLICKHOUSE_TLS" "from" $values.clickhouse.tls.clientCertificate "components" (list "scorer" "control" "setup"))
-}}
{{- if $values.kafka.tls.enabled -}}
{{- $items = append $items (dict "env" "PRECEDE_KAFKA_TLS" "from" $values.kafka.tls.clientCertificate "components" $log) -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* env of one container: takes root and component. */}}
{{- define "precede.secretEnv" -}}
{{- $own := include "precede.secretName" . -}}
{{- $component := .component -}}
{{- range (include "precede.credentials" .root | fromJson).items }}
{{- if and (has $component .components) (or .from.value .from.existingSecret) }}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ default $own .from.existingSecret }}
      key: {{ .from.key }}
{{- end }}
{{- end }}
{{- range (include "precede.authorities" .root | fromJson).items }}
{{- if has $component .components }}
{{- if .from.existingSecret }}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ .from.existingSecret }}
      key: {{ .from.key }}
{{- else if .from.existingConfigMap }}
- name: {{ .env }}
  valueFrom:
    configMapKeyRef:
      name: {{ .from.existingConfigMap }}
      key: {{ .from.key }}
{{- end }}
{{- end }}
{{- end }}
{{- range (include "precede.certificates" .root | fromJson).items }}
{{- if and (has $component .components) .from.existingSecret }}
{{- $item := . }}
{{- range $part, $key := dict "CERT" .from.certKey "KEY" .from.keyKey }}
- name: {{ $item.env }}_{{ $part }}
  valueFrom:
    secretKeyRef:
      name: {{ $item.from.existingSecret }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The jobs run before the chart's own Secret is there, so they have one of their own. */}}
{{- define "precede.secretName" -}}
{{- include "precede.fullname" .root -}}{{- if eq .component "setup" -}}-setup{{- end -}}
{{- end -}}

{{/* data of a Secret made by the chart for some components (.components): a YAML map, empty where all are existing ones. */}}
{{- define "precede.secretData" -}}
{{- $data := dict -}}
{{- $wanted := .components -}}
{{- range (include "precede.credentials" .root | fromJson).items -}}
{{- $item := . -}}
{{- range .components -}}
{{- if and (has . $wanted) $item.from.value (not $item.from.existingSecret) -}}
{{- $_ := set $data $item.from.key ($item.from.value | b64enc) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $data -}}{{- toYaml $data -}}{{- end -}}
{{- end -}}

{{/* Changes when what a pod was started with does; what is in existing Secrets is not seen. */}}
{{- define "precede.checksum" -}}
{{- $data := include "precede.secretData" (dict "root" .root "components" (list .component)) -}}
{{- printf "%s\n%s" (include "precede.config" .) $data | sha256sum -}}
{{- end -}}
