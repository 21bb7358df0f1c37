content = b"a: b\n" * 10_000_000
