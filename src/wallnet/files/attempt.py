"""Identity and wall time of long jobs that write checkpoints and continue after being killed."""

import hashlib
import time
from typing import Any


class Attempt:
    """One attempt at a long job, which some text and arrays identify."""

    def __init__(self, *parts: Any) -> None:
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part.encode() if isinstance(part, str) else part)
        self.identity = digest.hexdigest()
        """Digest that identifies the job; checkpoints of other jobs are not used."""
        self.elapsed = 0.0
        """Wall time of earlier attempts in s, up to the checkpoint that was read."""
        self._begin = self._latest = time.monotonic()

    def total(self) -> float:
        """Return the total wall time of all attempts in s, up to now."""
        return self.elapsed + time.monotonic() - self._begin

    def is_due(self, interval: float) -> bool:
        """Return whether a checkpoint is due after `interval` in s; if so, start a new interval."""
        now = time.monotonic()
        if now - self._latest < interval:
            return False
        self._latest = now
        return True
