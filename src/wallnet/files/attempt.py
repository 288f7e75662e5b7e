"""What long jobs share that keep a checkpoint now and then, so that a killed one goes on."""

import hashlib
import time
from typing import Any


class Attempt:
    """One attempt at a long job.

    Parameters
    ----------
    *told : str or contiguous array
        What distinguishes the job from all others; the checkpoint of another is not used.

    Attributes
    ----------
    identity : str
        Digest of it.
    elapsed : float
        Wall time in s that earlier attempts took up to the checkpoint that was read.
    """

    def __init__(self, *told: Any) -> None:
        digest = hashlib.sha256()
        for each in told:
            digest.update(each.encode() if isinstance(each, str) else each)
        self.identity = digest.hexdigest()
        self.elapsed = 0.0
        self._begin = self._latest = time.monotonic()

    def total(self) -> float:
        """Return the wall time in s that all attempts took up to now."""
        return self.elapsed + time.monotonic() - self._begin

    def is_due(self, interval: float) -> bool:
        """Return whether the latest checkpoint is older than `interval` in s; if so, count anew."""
        now = time.monotonic()
        if now - self._latest < interval:
            return False
        self._latest = now
        return True
