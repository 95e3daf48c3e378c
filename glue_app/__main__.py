"""Entry point of the CDK app: `python -m glue_app`."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from config.datasets import DATASETS_FOLDER, load_contracts
from config.environments import ENVIRONMENTS_FILE, load_environments
from config.errors import ConfigError
from glue_app.deploy_stage import DeployStage


def main(
    environments_file: Path = ENVIRONMENTS_FILE, datasets_folder: Path = DATASETS_FOLDER
) -> int:
    """Synthesize every environment. Wrong configuration is one message and exit code 1."""
    try:
        environments = load_environments(environments_file)
        contracts = load_contracts(datasets_folder)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    app = cdk.App()
    for environment in environments.all:
        DeployStage(
            app, environment.name.capitalize(), environment=environment, contracts=contracts
        )
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
