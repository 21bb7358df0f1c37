head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: large\n  namespace: argocd\ndata:\n  text: "
content = (head + "a" * (262_144 - len(head) - 1) + "\n").encode()
