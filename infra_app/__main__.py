"""Entry point of the CDK app: `python -m infra_app`."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from config.environments import ENVIRONMENTS_FILE, Environment, load_environments
from config.errors import ConfigError
from delivery.audit import audit
from infra_app.deploy_stage import DeployStage
from infra_app.pipeline_stack import PipelineStack


def main(environments_file: Path = ENVIRONMENTS_FILE) -> int:
    """Synthesize pipeline and environments.

    Wrong configuration gives one message and exit code 1.
    """
    try:
        environments = load_environments(environments_file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    app = cdk.App()
    audit(app)

    def stage_for(environment: Environment) -> cdk.Stage:
        return DeployStage(app, environment.name.capitalize(), environment=environment)

    PipelineStack(app, "Pipeline", environments=environments, stage_for=stage_for)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
