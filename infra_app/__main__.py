"""Entry point of the CDK app: `python -m infra_app`."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from config.environments import ENVIRONMENTS_FILE, load_environments
from config.errors import ConfigError
from infra_app.deploy_stage import DeployStage


def main(environments_file: Path = ENVIRONMENTS_FILE) -> int:
    """Synthesize every environment. Wrong configuration is one message and exit code 1."""
    try:
        environments = load_environments(environments_file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    app = cdk.App()
    for environment in environments.all:
        DeployStage(app, environment.name.capitalize(), environment=environment)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
