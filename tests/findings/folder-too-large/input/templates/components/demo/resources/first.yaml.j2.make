# Each object has 1,000,000 bytes, the most that one may have; the last of all is one byte longer than what is left.
documents = []
for number in range(0, 5):
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo-%d\n  namespace: kube-system\ndata:\n  text: " % number
    size = 1_000_000
    documents.append(head + "x" * (size - len(head) - 1) + "\n")
content = "---\n".join(documents).encode()
