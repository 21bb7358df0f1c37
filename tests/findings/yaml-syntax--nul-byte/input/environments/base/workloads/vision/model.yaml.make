content = b"apiVersion: paddock/v1alpha1\nkind: \x00\n"
