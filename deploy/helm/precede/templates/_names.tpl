{{/* Names and labels. Selector labels are immutable in a Deployment: name, instance and component, nothing else. */}}

{{- define "precede.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "precede.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "precede.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "precede.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The five services, as JSON, those that are enabled: .items */}}
{{- define "precede.services" -}}
{{- $on := list -}}
{{- range list "ingest" "sessionizer" "scorer" "enforcer" "control" -}}
{{- if (index $.Values .).enabled -}}{{- $on = append $on . -}}{{- end -}}
{{- end -}}
{{- dict "items" $on | toJson -}}
{{- end -}}

{{/* Takes (dict "root" $ "component" name). */}}
{{- define "precede.selectorLabels" -}}
app.kubernetes.io/name: {{ include "precede.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "precede.labels" -}}
{{ include "precede.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: precede
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata of an object. Takes root, component, name, and annotations (a dict) where it has its own. */}}
{{- define "precede.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "precede.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default dict .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "precede.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "precede.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Takes root, image (the overrides of one service) and name (what stands behind the repository). */}}
{{- define "precede.image" -}}
{{- $general := .root.Values.image -}}
{{- $own := default dict .image -}}
{{- $registry := default $general.registry $own.registry -}}
{{- $repository := default (printf "%s/%s" $general.repository .name) $own.repository -}}
{{- $image := ternary $repository (printf "%s/%s" $registry $repository) (empty $registry) -}}
{{- if $own.digest -}}
{{- printf "%s@%s" $image $own.digest -}}
{{- else -}}
{{- printf "%s:%s" $image (default (default .root.Chart.AppVersion $general.tag) $own.tag) -}}
{{- end -}}
{{- end -}}
