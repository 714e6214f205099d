{{/* What every pod has in common: metadata, security, scheduling, the container's environment. */}}

{{/* The general `pod` with that of one component laid over it, as YAML. Takes root and component. */}}
{{- define "precede.pod" -}}
{{- $own := (index .root.Values (get (dict "helm-test" "tests") .component | default .component)).pod | default dict -}}
{{- toYaml (mergeOverwrite (deepCopy .root.Values.pod) (deepCopy $own)) -}}
{{- end -}}

{{/* metadata of a pod. */}}
{{- define "precede.podMetadata" -}}
{{- $pod := include "precede.pod" . | fromYaml -}}
labels:
  {{- include "precede.selectorLabels" . | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/part-of: precede
  {{- with merge (dict) $pod.labels .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/config: {{ include "precede.checksum" . }}
  {{- with merge (dict) $pod.annotations .root.Values.commonAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The part of a pod's spec before its containers. Takes root, component, serviceAccountName. */}}
{{- define "precede.podSpec" -}}
{{- $pod := include "precede.pod" . | fromYaml -}}
serviceAccountName: {{ .serviceAccountName }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if not (has .component (list "setup" "control" "helm-test")) }}
{{- with $pod.topologySpread }}
topologySpreadConstraints:
  {{- include "precede.spread" (dict "constraints" . "labels" (include "precede.selectorLabels" $ | fromYaml)) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Each constraint for the pods of this service; those of an older release do not count while a new one is rolled out. */}}
{{- define "precede.spread" -}}
{{- $all := list -}}
{{- range .constraints -}}
{{- $all = append $all (merge (dict "labelSelector" (dict "matchLabels" $.labels)) . (dict "matchLabelKeys" (list "pod-template-hash"))) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The environment of a container. */}}
{{- define "precede.containerEnv" -}}
{{- $pod := include "precede.pod" . | fromYaml -}}
envFrom:
  - configMapRef:
      name: {{ include "precede.fullname" .root }}-{{ .component }}
  {{- with $pod.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $env := concat (include "precede.secretEnv" . | fromYamlArray) (default list $pod.extraEnv) }}
{{- with $env }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Mounts and volumes; the root file system is read only. */}}
{{- define "precede.volumeMounts" -}}
{{- $pod := include "precede.pod" . | fromYaml -}}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if eq .component "enforcer" }}
  - name: snapshots
    mountPath: /var/lib/precede
  {{- end }}
  {{- with $pod.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "precede.volumes" -}}
{{- $pod := include "precede.pod" . | fromYaml -}}
volumes:
  - name: tmp
    emptyDir: {}
  {{- if and (eq .component "enforcer") (not .root.Values.enforcer.persistence.enabled) }}
  - name: snapshots
    emptyDir: {}
  {{- end }}
  {{- with $pod.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
