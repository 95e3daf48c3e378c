"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from pyspark.sql import SparkSession

from config.delivery import App
from config.environments import Environment, load_environments
from local_cloud.http.server import HttpServer
from local_cloud.moto_application import MotoApplication
from tests import job_rights
from tests.botocore_models import read_models_once
from tests.few import all_are_wanted, left_to_other_runs, mark_all_but_a_few
from tests.quality_report.chromium import Chromium, started
from tests.sessions import spark_session
from tests.sharing import made_once
from tests.surroundings import Surroundings
from tests.templates import Template

# Slow machines are no reason to fail.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
# Most tests have clients of their own, whose making is mostly to read the model of their service.
read_models_once()
job_rights.hold_calls_against_roles()
# Tests have little data: what the second compiler makes of Spark costs more than it saves. Set here
# for the runs of the local cloud too, which inherit it.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

ROOT = Path(__file__).resolve().parent.parent


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that nobody can read, such as what gzip makes of the same text a second later, would
    give a test another name in every process."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").isprintable()):
        return argname
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Choose among the parameters of tests that have many, before anything else is left out."""
    mark_all_but_a_few(items)
    if all_are_wanted(config.args):
        return
    # The seed of the tests' order, which a run prints; without random order it is always the same.
    if left := left_to_other_runs(items, seed=getattr(config.option, "randomly_seed", 0)):
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]


@pytest.fixture(autouse=True)
def _leaves_what_it_found() -> Iterator[None]:
    """In another order, what a test leaves behind is what another one stumbles over.

    Jobs change settings of their session and the process's region on purpose, so it is put back.
    """
    before = Surroundings.now()
    job_rights.refused.clear()
    yield
    before.put_back()
    # Code that goes on after an error has caught this one too.
    assert not job_rights.refused


@dataclass(frozen=True)
class Assemblies:
    """Both apps as `npx cdk synth` writes them, and what it said."""

    infra_app: Path
    glue_app: Path
    messages: str

    def infrastructure(self, environment: str) -> Template:
        return _template(self.infra_app, environment)

    def application(self, environment: str) -> Template:
        return _template(self.glue_app, environment)

    def pipeline(self, app: App) -> Template:
        assembly = {App.INFRASTRUCTURE: self.infra_app, App.APPLICATION: self.glue_app}[app]
        return Template.read(assembly / "Pipeline.template.json")


@pytest.fixture(scope="session")
def assemblies(request: pytest.FixtureRequest) -> Assemblies:
    """Synthesized once for all tests, with the commands that people use."""
    folder = made_once(request, "assemblies", _synthesize)
    return Assemblies(
        folder / "infra_app", folder / "glue_app", (folder / "messages.txt").read_text()
    )


def _synthesize(folder: Path) -> None:
    running = [
        _synth("--output", str(folder / "infra_app")),
        _synth("--output", str(folder / "glue_app"), "--app", f"{sys.executable} -m glue_app"),
    ]
    messages = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(messages)
    (folder / "messages.txt").write_text("\n".join(messages))


def _synth(*arguments: str) -> subprocess.Popen[str]:
    binaries = Path(sys.executable).parent
    return subprocess.Popen(
        [binaries / "npx", "cdk", "synth", "--quiet", *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _template(assembly: Path, environment: str) -> Template:
    (path,) = assembly.glob(f"assembly-{environment.capitalize()}/*.template.json")
    return Template.read(path)


@pytest.fixture
def dev() -> Environment:
    """The first environment that the shipped configuration has."""
    return load_environments().all[0]


@pytest.fixture(params=["dev", "prod"])
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment that the shipped configuration has."""
    return str(request.param)


@pytest.fixture
def configured(environment: str) -> Environment:
    """What the shipped configuration says about it."""
    (found,) = (e for e in load_environments().all if e.name == environment)
    return found


@pytest.fixture(params=list(App))
def app(request: pytest.FixtureRequest) -> App:
    """Each of the two apps."""
    return App(request.param)


@pytest.fixture
def infrastructure(assemblies: Assemblies, environment: str) -> Template:
    return assemblies.infrastructure(environment)


@pytest.fixture
def application(assemblies: Assemblies, environment: str) -> Template:
    return assemblies.application(environment)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """An AWS that other processes reach too, as Spark's workers do."""
    server = HttpServer(MotoApplication(), host="127.0.0.1", port=0)
    yield f"http://127.0.0.1:{server.port}"
    server.close()


@pytest.fixture(scope="session")
def spark(endpoint: str) -> Iterator[SparkSession]:
    """The one session of all tests, wherever they stand."""
    with spark_session(endpoint) as session:
        yield session


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests; where there is none, they fail with advice."""
    found = subprocess.run(
        ["sh", "scripts/ensure_chromium.sh"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    with started(found.stdout.strip(), tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
