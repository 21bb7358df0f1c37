content = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n  namespace: argocd\ndata:\n  text: "
    + "a" * 262_100
    + "\n"
).encode()
