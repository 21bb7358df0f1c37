content = b"""\
{% for number in range(24) %}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ "demo-" ~ number }}
  namespace: {{ component.namespace }}
  labels: {{ labels }}
data:
  cluster: %s
{% endfor %}
""".replace(b"%s", b"x" * 450_000)
