"""A terminal for programs that tests start."""

import os
import pty
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Terminal:
    """What a program shows on the terminal `side`; `text` is known after its end."""

    def __init__(self) -> None:
        self._main, self.side = pty.openpty()
        self.text = ""

    @property
    def plain(self) -> str:
        """The text without control sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text).replace("\r", "\n")

    def _read(self, shown: list[bytes]) -> None:
        try:
            while part := os.read(self._main, 65536):
                shown.append(part)
        except OSError:
            pass  # the other side was closed


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Yield a terminal that is read until the block, and with it the program, has ended."""
    made = Terminal()
    shown: list[bytes] = []
    reader = threading.Thread(target=made._read, args=(shown,))
    reader.start()
    try:
        yield made
    finally:
        os.close(made.side)
        reader.join()
        os.close(made._main)
        made.text = b"".join(shown).decode()
