"""The lock of moto's models."""

import threading

moto_lock = threading.RLock()
"""moto's models are not thread-safe: whoever uses them, over HTTP or not, holds this lock."""
