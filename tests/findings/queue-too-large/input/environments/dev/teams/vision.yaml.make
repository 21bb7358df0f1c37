extra = "".join(f"          example.com/device-{number}: {{nominalQuota: \"1\"}}\n" for number in range(60))
content = f"""apiVersion: paddock/v1alpha1
kind: Team
metadata: {{name: vision}}
spec:
  clusters:
    one:
      quota: {{pods: "500"}}
      flavors:
        h100:
          cpu: {{nominalQuota: "1536"}}
          memory: {{nominalQuota: 16Ti}}
          nvidia.com/gpu: {{nominalQuota: "32"}}
          vpc.amazonaws.com/efa: {{nominalQuota: "256"}}
          hugepages-2Mi: {{nominalQuota: 64Gi}}
{extra}""".encode()
