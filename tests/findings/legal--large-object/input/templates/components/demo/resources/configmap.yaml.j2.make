head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n  namespace: kube-system\ndata:\n  text: "
content = (head + "x" * (1_000_000 - len(head) - 1) + "\n").encode()
