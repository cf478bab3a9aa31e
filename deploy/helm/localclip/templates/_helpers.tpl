{{/* Name of the release's objects, and of one part of it: (list $ "gateway"). */}}
{{- define "localclip.name" -}}
{{- $root := index . 0 -}}
{{- $base := ternary $root.Release.Name (printf "%s-localclip" $root.Release.Name) (contains "localclip" $root.Release.Name) -}}
{{- printf "%s-%s" ($base | trunc 40 | trimSuffix "-") (index . 1) -}}
{{- end }}

{{/* Labels that select a part. */}}
{{- define "localclip.selector" -}}
app.kubernetes.io/name: localclip
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* All labels of a part. */}}
{{- define "localclip.labels" -}}
{{ include "localclip.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end }}

{{/* One of our images: (list $ "diarizer-gpu"). */}}
{{- define "localclip.image" -}}
{{- $root := index . 0 -}}
{{- $registry := required "set image.registry to where the images were pushed to (docs/operations.md, Cluster): nobody publishes them for you" $root.Values.image.registry -}}
{{- printf "%s/%s:%s" (trimSuffix "/" $registry) (index . 1) ($root.Values.image.tag | default $root.Chart.AppVersion) -}}
{{- end }}

{{- define "localclip.secret" -}}
{{- required "set `secret` to the name of a Secret; NOTES.txt of the chart tells how to make it" .Values.secret -}}
{{- end }}

{{/* A variable from the Secret: (list $ "NAME"), or under another name (list $ "NAME" "KEY"). */}}
{{- define "localclip.fromSecret" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "localclip.secret" (index . 0) }}
      key: {{ last . }}
{{- end }}

{{/* Where the broker is, and as whom a service speaks to it: (list $ "gateway"). */}}
{{- define "localclip.brokerEnv" -}}
{{- $root := index . 0 -}}
{{- $user := index . 1 -}}
{{- if $root.Values.nats.inCluster }}
- name: NATS_URL
  value: nats://{{ include "localclip.name" (list $root "nats") }}:4222
{{- else }}
{{ include "localclip.fromSecret" (list $root "NATS_URL") }}
{{- end }}
{{- if or $root.Values.nats.inCluster $root.Values.nats.users }}
- name: NATS_USER
  value: {{ $user }}
{{ include "localclip.fromSecret" (list $root "NATS_PASSWORD" (printf "NATS_%s_PASSWORD" (upper $user))) }}
{{- end }}
{{- if $root.Values.nats.tls.secretName }}
- name: NATS_TLS_CA
  value: /broker-ca/ca.crt
{{- end }}
- name: NATS_REPLICAS
  value: {{ $root.Values.nats.streamReplicas | quote }}
- name: LOCALCLIP_LOG_LEVEL
  value: {{ $root.Values.logLevel }}
{{- end }}

{{/* The certificate that the broker's is signed with. */}}
{{- define "localclip.brokerMount" -}}
{{- if .Values.nats.tls.secretName }}
- {name: broker-ca, mountPath: /broker-ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "localclip.brokerVolume" -}}
{{- with .Values.nats.tls.secretName }}
- name: broker-ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}

{{/* Where the object store is. */}}
{{- define "localclip.objectsEnv" -}}
- name: S3_ENDPOINT
  {{- if .Values.objects.inCluster }}
  value: {{ include "localclip.name" (list . "objects") }}:9000
  {{- else }}
  value: {{ required "objects.endpoint is needed where objects.inCluster is false" .Values.objects.endpoint | quote }}
  {{- end }}
- name: S3_BUCKET
  value: {{ .Values.objects.bucket }}
- name: S3_SECURE
  value: {{ .Values.objects.secure | quote }}
{{- with .Values.objects.region }}
- name: S3_REGION
  value: {{ . }}
{{- end }}
{{ include "localclip.fromSecret" (list . "S3_ACCESS_KEY") }}
{{ include "localclip.fromSecret" (list . "S3_SECRET_KEY") }}
{{- end }}

{{/* Further settings of a part. */}}
{{- define "localclip.moreEnv" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Annotations that change with the Secret, so that an upgrade restarts who read it. Without a cluster nothing is known of it. */}}
{{- define "localclip.checksums" -}}
{{- $held := lookup "v1" "Secret" .Release.Namespace .Values.secret | default dict -}}
checksum/secret: {{ $held.data | default dict | toJson | sha256sum }}
{{- end }}

{{/* Jobs that one worker of a stage takes at a time: (list $service $stage). */}}
{{- define "localclip.jobsPerWorker" -}}
{{- $batches := and (has (index . 0) (list "translator" "cloner")) (index . 1).gpu.enabled -}}
{{- (index . 1).jobsPerWorker | default (ternary 4 1 $batches) -}}
{{- end }}

{{/* Values that look right one by one and cannot work together. */}}
{{- define "localclip.check" -}}
{{- if and .Values.autoscaling.enabled (not (.Capabilities.APIVersions.Has "keda.sh/v1alpha1")) }}
{{- fail "autoscaling.enabled needs KEDA, which this cluster does not have: install it (https://keda.sh/docs/latest/deploy/), or leave autoscaling.enabled false" }}
{{- end }}
{{- if and .Values.nats.inCluster (gt (int .Values.nats.streamReplicas) 1) }}
{{- fail "nats.streamReplicas above 1 needs as many brokers, and the chart runs one: leave it 1, or bring a cluster of your own with nats.inCluster false" }}
{{- end }}
{{- if and .Values.models.enabled (not .Values.models.existingClaim) (eq .Values.models.accessMode "ReadWriteOnce") (not .Values.models.oneNode) }}
{{- fail "models.accessMode ReadWriteOnce lets the pods of one node read the weights: use a storage class with ReadWriteMany, or set models.oneNode on a cluster of one node" }}
{{- end }}
{{- range $service, $stage := .Values.stages }}
{{- if and $stage.gpu.enabled (not $.Values.models.enabled) }}
{{- fail (printf "stages.%s.gpu.enabled needs weights: set models.enabled, with models.existingClaim where they lie in a volume already" $service) }}
{{- end }}
{{- if and (not $.Values.autoscaling.enabled) (lt (int $stage.minReplicas) 1) }}
{{- fail (printf "stages.%s.minReplicas 0 means no worker at all while autoscaling.enabled is false: set 1 or more" $service) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "localclip.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "localclip.containerSecurity" -}}
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod of ours has: (list $ "cloner"). */}}
{{- define "localclip.pod" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "localclip.name" (list $root "services") }}
automountServiceAccountToken: false
securityContext:
  {{- include "localclip.podSecurity" $root | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Checks of a service without a port. Starting lasts while models are loaded; a lost broker is no reason to restart. */}}
{{- define "localclip.fileProbes" -}}
startupProbe:
  exec: {command: [python, -m, shared.healthy, --alive]}
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 90
readinessProbe:
  exec: {command: [python, -m, shared.healthy]}
  periodSeconds: 15
  timeoutSeconds: 10
livenessProbe:
  exec: {command: [python, -m, shared.healthy, --alive]}
  periodSeconds: 30
  timeoutSeconds: 15
  failureThreshold: 4
{{- end }}
