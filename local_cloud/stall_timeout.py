"""How long to go on when nothing moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class StallTimeout:
    """Waits longer and longer each time that nothing moves, and ends after `limit`.

    It starts afresh whenever less is left than ever before. It must outlast the lease of somebody
    who died: others go on only when that has run out.
    """

    limit: float = 200.0
    """Seconds without progress: more than the longest lease that a dispatcher takes."""
    longest_pause: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], object] = str
    """Called with a message when the wait is long."""
    _least: int | None = field(default=None, init=False)
    _waited: float = field(default=0.0, init=False)
    _pause: float = field(default=0.0, init=False)

    def is_left(self, unfinished: int) -> bool:
        if self._least is None or unfinished < self._least:
            self._least, self._waited, self._pause = unfinished, 0.0, 0.0
            return True
        if self._waited >= self.limit:
            return False
        self._pause = min(self.longest_pause, self._pause * 2 or 0.1)
        if self._pause == self.longest_pause:
            self.say(
                f"{unfinished} objects wait and nothing moves, since {self._waited:.0f} s; "
                f"giving up after {self.limit:.0f} s"
            )
        self.sleep(self._pause)
        self._waited += self._pause
        return True
