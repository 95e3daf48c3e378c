"""`python -m benchmarks.layers.worker TASK`: carry out one task in this process."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from benchmarks.job import Marks
from benchmarks.layers.task import Phases, Task


def main(task: Task) -> None:
    # Before the engine is imported, which looks at how many processors there are.
    os.sched_setaffinity(0, task.cores)
    with Path(task.marks).open("w") as file:
        module = importlib.import_module(f"benchmarks.layers.{task.contender}")
        told = module.run(task, Phases(Marks(file)))
    Path(task.told).write_text(json.dumps(told))


if __name__ == "__main__":
    main(Task.from_json(sys.argv[1]))
