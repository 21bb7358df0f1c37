content = b"kind: \xff\n"
