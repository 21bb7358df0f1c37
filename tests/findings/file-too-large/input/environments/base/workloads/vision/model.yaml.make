content = b"apiVersion: paddock/v1alpha1\n" + b"# filler\n" * 100_000
