{{/* One server with a volume, as the in-cluster broker, database and object store are.
     (dict "root" $ "part" "nats" "values" .Values.nats "user" 1000 "mount" "/data" "container" <yaml> "ports" (dict "client" 4222)) */}}
{{- define "localclip.server" -}}
{{- $name := include "localclip.name" (list .root .part) -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "localclip.labels" (list .root .part) | nindent 4 }}
spec:
  selector:
    {{- include "localclip.selector" (list .root .part) | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - {name: {{ $port }}, port: {{ $number }}, targetPort: {{ $port }}}
    {{- end }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels:
    {{- include "localclip.labels" (list .root .part) | nindent 4 }}
spec:
  replicas: 1
  serviceName: {{ $name }}
  selector:
    matchLabels:
      {{- include "localclip.selector" (list .root .part) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "localclip.labels" (list .root .part) | nindent 8 }}
      annotations:
        {{- include "localclip.checksums" .root | nindent 8 }}
        {{- with .configText }}
        checksum/config: {{ sha256sum . }}
        {{- end }}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 60
      securityContext:
        runAsNonRoot: true
        runAsUser: {{ .user }}
        runAsGroup: {{ .user }}
        fsGroup: {{ .user }}
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: {{ .part }}
          image: {{ .values.image }}
          securityContext:
            {{- include "localclip.containerSecurity" .root | nindent 12 }}
          ports:
            {{- range $port, $number := .ports }}
            - {name: {{ $port }}, containerPort: {{ $number }}}
            {{- end }}
          {{- .container | nindent 10 }}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - {name: data, mountPath: {{ .mount }}}
            - {name: tmp, mountPath: /tmp}
            {{- with .run }}
            - {name: run, mountPath: {{ . }}}
            {{- end }}
            {{- if .shm }}
            - {name: shm, mountPath: /dev/shm}
            {{- end }}
            {{- with .config }}
            - {name: config, mountPath: {{ . }}, readOnly: true}
            {{- end }}
            {{- if .certificates }}
            - {name: certificates, mountPath: /certificates, readOnly: true}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- if .run }}
        - name: run
          emptyDir: {}
        {{- end }}
        {{- with .shm }}
        - name: shm
          emptyDir: {medium: Memory, sizeLimit: {{ . }}}
        {{- end }}
        {{- if .config }}
        - name: config
          configMap: {name: {{ $name }}}
        {{- end }}
        {{- with .certificates }}
        - name: certificates
          secret: {secretName: {{ . }}}
        {{- end }}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .values.storage.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests: {storage: {{ .values.storage.size }}}
{{- end }}
