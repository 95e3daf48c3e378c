"""`python -m benchmarks.contenders CONTENDER JOB`: run one job in this process."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from benchmarks.job import Job, Marks


def main(contender: str, job: Job) -> None:
    # Before the engine is imported, which looks at how many processors there are.
    os.sched_setaffinity(0, job.cores)
    with Path(job.marks).open("w") as file:
        marks = Marks(file)
        marks.set("started")
        module = importlib.import_module(f"benchmarks.contenders.{contender}")
        module.run(job, lambda: marks.set("ready"))
        marks.set("done")


if __name__ == "__main__":
    main(sys.argv[1], Job.from_json(sys.argv[2]))
