content = "apiVersion: paddock/v1alpha1\n".encode("utf-16")
