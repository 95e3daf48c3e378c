"""Progress of the local cloud, told as that of the operations is."""

from __future__ import annotations

from operations.progress import Counter, Progress

__all__ = ["Counter", "Progress"]
