content = "description: Hört\n".encode("latin-1")
