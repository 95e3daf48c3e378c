"""`python -m operations`."""

from __future__ import annotations

import sys

from operations.cli import main

sys.exit(main())
