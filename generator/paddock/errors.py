"""The one exception that is raised on purpose, and the exit codes."""

from __future__ import annotations

OK = 0
PROBLEMS = 1
USAGE = 2
FATAL = 3
INTERRUPTED = 130


class Fatal(Exception):
    """The work cannot go on, and it is not a fault of one spec: a missing folder, a full disk, a refused push.

    `message` is one sentence; `help` says what to do; `code` is the exit code.
    """

    def __init__(self, message: str, *, help: str = "", code: int = FATAL) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
