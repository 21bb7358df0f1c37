"""The verbs: a module each, with its options and `run() -> exit code`."""
