"""Glue job `file-processor`: the uploaded CSV objects of one load → typed, catalogued Parquet."""

from __future__ import annotations

import sys

from lake.load_job import publish_load
from lake.running.footprint import footprint_recorded
from lake.session import log_to_console
from lake.store import use_region
from wires.job_arguments import GlueRun, LoadDefaults, LoadRun, from_argv


def main(argv: list[str]) -> None:
    """Publish the load that the arguments name."""
    settings = from_argv(LoadDefaults, argv)
    run = from_argv(LoadRun, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    with footprint_recorded(settings, glue_run):
        publish_load(settings, run, glue_run)


if __name__ == "__main__":
    log_to_console("file_processor")
    main(sys.argv)
