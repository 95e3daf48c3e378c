"""Entry point of the CDK app: `python -m glue_app`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import aws_cdk as cdk

from config.dataset_notes import notes_on
from config.datasets import DATASETS_FOLDER, load_contracts
from config.environments import ENVIRONMENTS_FILE, Environment, Environments, load_environments
from config.errors import ConfigError
from config.named_queries import named_queries
from config.reader_filters import check_groups
from delivery.audit import audit
from glue_app.constructs.dashboard_data import without_data_set
from glue_app.deploy_stage import DeployStage
from glue_app.pipeline_stack import PipelineStack
from wires.contracts import DatasetContract


def main(
    environments_file: Path = ENVIRONMENTS_FILE, datasets_folder: Path = DATASETS_FOLDER
) -> int:
    """Synthesize pipeline and environments.

    Wrong configuration gives one message and exit code 1.
    """
    try:
        environments = load_environments(environments_file)
        contracts = load_contracts(datasets_folder)
        check_groups(contracts, environments.all)
        for one in environments.all:
            named_queries(contracts, one.names, of=one.settings.reading.named_queries)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    for note in (*notes_on(contracts), *_notes_on_data_sets(environments, contracts)):
        print(note, file=sys.stderr)
    app = cdk.App()
    audit(app)

    def stage_for(environment: Environment) -> cdk.Stage:
        return DeployStage(
            app, environment.name.capitalize(), environment=environment, contracts=contracts
        )

    PipelineStack(app, "Pipeline", environments=environments, stage_for=stage_for)
    app.synth()
    return 0


def _notes_on_data_sets(
    environments: Environments, contracts: Sequence[DatasetContract]
) -> Iterator[str]:
    """Yield one line for each table that dashboards are to have and cannot."""
    if any(one.settings.reading.quicksight for one in environments.all):
        for table in without_data_set(contracts):
            yield (
                f"QuickSight has no data set of {table}: its columns do not follow from contracts; "
                "declare the columns of the datasets that it reads, and cast what its SQL computes"
            )


if __name__ == "__main__":
    sys.exit(main())
