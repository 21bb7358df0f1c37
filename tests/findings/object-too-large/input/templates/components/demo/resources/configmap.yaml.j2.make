lines = []
for number in range(0, 1):
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo-%d\n  namespace: kube-system\n" % number
    lines.append(head + "data:\n  text: " + "x" * 1100000 + "\n")
content = "---\n".join(lines).encode()
