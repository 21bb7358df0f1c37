content = "".join("-" + " " for _ in range(10_000)).encode() + b"x\n"
