"""`environments.yaml`: what is accepted, and what is said about what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.delivery import App
from config.environments import ENVIRONMENTS_FILE, load_environments, merged
from config.errors import NamingError, SourceError, ValueRuleError
from config.jobs import (
    FILE_PROCESSOR,
    JOBS,
    TABLE_MAINTENANCE,
    JobSpec,
    longest_run_minutes,
)
from config.prices import prices_of, regions_with_prices
from config.regions import REGIONS
from config.rules import account_id
from config.settings import JobSettings
from config.warehouse import Warehouse

Document = dict[str, Any]


def a_valid_document() -> Document:
    content: Document = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    return content


def changed(path: str, value: object) -> Document:
    """The shipped document with one value changed, or removed where `value` is `...`."""
    document = a_valid_document()
    *parents, last = path.split(".")
    below = document
    for name in parents:
        below = below.setdefault(name, {})
    if value is ...:
        del below[last]
    else:
        below[last] = value
    return document


@pytest.fixture
def written(tmp_path: Path) -> Callable[[object], Path]:
    def write(content: object) -> Path:
        path = tmp_path / "environments.yaml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return write


def test_the_shipped_file_has_dev_before_prod() -> None:
    assert [environment.name for environment in load_environments().all] == ["dev", "prod"]


def test_a_staging_account_puts_staging_between_dev_and_prod(
    written: Callable[[object], Path],
) -> None:
    account = {"awsAccountId": "444444444444", "awsRegion": "eu-west-1"}
    loaded = load_environments(written(changed("stagingAccount", account)))
    assert [environment.name for environment in loaded.all] == ["dev", "staging", "prod"]
    assert loaded.all[1].account.aws_account_id == "444444444444"


def test_an_environment_differs_from_the_defaults_only_where_it_says_so(
    written: Callable[[object], Path],
) -> None:
    document = changed("environments.prod", {"fileProcessor": {"workers": 7}})
    dev, prod = load_environments(written(document)).all
    assert (dev.settings.file_processor.workers, prod.settings.file_processor.workers) == (2, 7)
    assert prod.settings.file_processor.worker_type == dev.settings.file_processor.worker_type


def test_prod_keeps_its_data_as_shipped() -> None:
    (prod,) = (e for e in load_environments().all if e.name == "prod")
    assert prod.settings.retention.retain_data


WRONG = [
    ("defaults.uploads.uploaders", {"Sales": "sales/"}, "must have 1 to 32 characters a-z 0-9 -"),
    ("defaults.uploads.uploaders", {"sales": "sales"}, "end with /"),
    ("defaults.uploads.uploaders", {"sales": "*/"}, "must have letters, digits"),
    ("defaults.uploads.uploaders", {"sales": "${aws:username}/"}, "must have letters, digits"),
    ("defaults.uploads.lockDays", -1, "must be at least 0"),
    ("defaults.uploads.scannerRole", "arn:aws:iam::1:role/x", "must be the name of an IAM role"),
    ("defaults.alarms.subscribers", ["a@example.org"], "must have failures, quality, recoveries"),
    ("defaults.alarms.subscribers", {"failures": ["nobody"]}, "a list of e-mail addresses"),
    ("defaults.alarms.subscribers", {"failures": ["http://example.org/"]}, "https:// endpoints"),
    ("defaults.alarms.subscribers", {"failures": "a@example.org"}, "a list of e-mail addresses"),
    ("defaults.alarms.subscribers", {"alerts": []}, "must have failures, quality, recoveries"),
    ("defaults.alarms.slackWorkspace", "my team", "must be the id of a workspace"),
    ("defaults.alarms.slackChannel", "C01234ABCDE", "must be there if slackWorkspace is"),
    ("defaults.alarms.qualityScore", 101, "at most 100"),
    ("defaults.alarms.memoryPercent", 101, "at most 100"),
    ("defaults.alarms.slowFactor", 1, "greater than 1"),
    ("defaults.fileProcessor.executionClass", "CHEAP", "must be one of"),
    ("defaults.fileProcessor.autoScaling", "yes", "must be true or false"),
    ("defaults.cost.pricesOf", "eu-central-9", "config/prices has no eu-central-9.yaml"),
    ("defaults.cost.workload.gbPerDay", "5", "must be a number"),
    ("defaults.cost.workload.gbPerDay", -1, "must be at least 0"),
    ("defaults.cost.workload.runs.rows", {"perDay": 1}, "must be a job of config/jobs.py"),
    ("defaults.cost.workload.runs.data_quality.perDay", -1, "must be at least 0"),
    ("defaults.reading.scanLimitGb", 0, "must be at least 1"),
    ("defaults.reading.resultsDays", 0, "must be at least 1"),
    ("defaults.reading.namedQueries", "some", "must be one of 'all', 'curated' or 'none'"),
    ("defaults.reading.redshift", "cluster", "must be one of 'none' or 'role'"),
    ("defaults.reading.consumers", ["444444444444"], "no account at large"),
    ("defaults.reading.consumers", ["arn:aws:iam::444444444444:root"], "no account at large"),
    ("defaults.reading.consumers", ["arn:aws:iam::444444444444:user/a"], "ARNs of roles"),
    (
        "defaults.reading.consumers",
        ["arn:aws:iam::444444444444:role/a"],
        "externalIds must have words for 444444444444",
    ),
    ("defaults.reading.externalIds", {"444444444444": "words-agreed"}, "no role is in consumers"),
    ("defaults.redshift.enabled", "yes", "must be true or false"),
    ("defaults.redshift.enable", True, "did you mean enabled?"),
    ("defaults.redshift.baseCapacity", 12, "must be 4, 8 to 512 in steps of 8"),
    ("defaults.redshift.baseCapacity", 520, "544 to 1024 in steps of 32"),
    ("defaults.redshift.baseCapacity", "8", "must be a whole number"),
    ("defaults.redshift.maxCapacity", 1032, "must be 4, 8 to 512 in steps of 8"),
    ("defaults.redshift.maxCapacity", 4, "must be at least baseCapacity, which is 8"),
    ("defaults.redshift.dailyRpuHours", 0, "must be at least 1"),
    ("defaults.redshift.beyondLimit", "stop", "must be one of 'log' or 'deactivate'"),
    ("defaults.redshift.queryMinutes", 0, "must be at least 1"),
    ("defaults.redshift.queryMinutes", 1440, "must be at most 1439"),
    ("defaults.redshift.database", "Lake", "must have 1 to 63 characters a-z 0-9 _"),
    ("defaults.redshift.readers", "sys:secadmin", "must have 1 to 63 characters a-z 0-9 _"),
    ("defaults.redshift.cidr", "10.43.0.0/26", "must be private addresses of 16 to 24 bits"),
    ("defaults.redshift.cidr", "8.8.0.0/20", "must be private addresses of 16 to 24 bits"),
    ("defaults.redshift.cidr", "10.43.0.1/22", "must be private addresses of 16 to 24 bits"),
    ("defaults.redshift.clients", ["0.0.0.0/0"], "must be a list of private addresses"),
    ("defaults.redshift.clients", ["8.8.8.8/32"], "must be a list of private addresses"),
    ("defaults.redshift.clients", ["sg-0123456789abcdef0"], "must be a list of private addresses"),
    ("defaults.redshift.clients", "sg-0123456789abcdef0", "must be a list of private addresses"),
    ("defaults.redshift.subnets", ["subnet-1"], "must be a list of subnets, each once"),
    ("defaults.redshift.subnets", ["subnet-00000001"] * 3, "must be a list of subnets, each once"),
    ("defaults.redshift.securityGroups", ["default"], "must be a list of security groups"),
    ("defaults.cost.workload.warehouseHoursPerDay", 25, "must be at most 24"),
    ("defaults.lakeFormation", "yes", "must be true or false"),
    ("defaults.reading.groups", ["eu"], "must have groups of readers"),
    ("defaults.reading.groups", {"EU": []}, "expected 1 to 20 characters"),
    ("defaults.reading.groups", {"eu": []}, "eu: must have a role, or be left out"),
    ("defaults.reading.groups", {"eu": ["444444444444"]}, "eu: must be a list of ARNs of roles"),
    ("defaults.reading.groups", {"eu": "arn:aws:iam::1:role/a"}, "eu: must be a list of ARNs"),
    ("devAccount.awsAccountId", "12345", "must be 12 digits in quotes"),
    ("devAccount.awsAccountId", 222222222222, "must be text"),
    ("devAccount.awsAccountId", 0o12345670123, "must be text"),
    ("devAccount.awsAccountId", "2222222222٢٢", "must be 12 digits in quotes"),
    ("devAccount.awsAccountId", None, "must be 12 digits in quotes"),
    ("devAccount.awsAccountId", ..., "is missing"),
    ("prodAccount.awsRegion", "eu-centrall-1", "must be an AWS region"),
    ("prodAccount.awsRegion", "eu-central-9", "must be an AWS region"),
    ("prodAccount.awsRegion", 1, "must be an AWS region"),
    ("prodAccount.awsRegion", ["eu-central-1"], "must be an AWS region"),
    ("pipelineAccount", "111111111111", "must be a mapping"),
    ("prodAccount", ..., "is missing"),
    ("prodAcount", {}, "did you mean prodAccount?"),
    ("source", ..., "is missing"),
    ("source.connectionArn", ..., "is missing"),
    ("source.connectionArn", "my-connection", "must be the ARN of a CodeConnections connection"),
    ("source.connectionArn", None, "must be the ARN of a CodeConnections connection"),
    ("source.repository", "data-platform", "must be owner/name of a repository"),
    ("source.repository", "https://example.org/a/b", "must be owner/name of a repository"),
    ("source.branch", "main/", "must be the name of one branch"),
    ("source.branch", "release/*", "must be the name of one branch"),
    ("source.glueApp.repository", "jobs", "must be owner/name of a repository"),
    ("source.gluApp", {}, "did you mean glueApp?"),
    ("prodAccount.awsAccountId", "222222222222", "must be another account than devAccount"),
    ("prodAccount.awsAccountId", "111111111111", "must be another account than pipelineAccount"),
    ("project", "Glue_ETL", "must be lower-case words joined by -"),
    ("defaults", ..., "is missing"),
    ("defaults.trigger", ..., "is missing"),
    ("defaults.retention", ..., "is missing"),
    ("defaults.trigger.batchSize", ..., "is missing"),
    ("defaults.trigger.batchSize", 0, "must be at least 1"),
    ("defaults.trigger.batchSize", 10_001, "must be at most 10000"),
    ("defaults.trigger.batchSize", "100", "must be a whole number"),
    ("defaults.trigger.batchSize", 1.5, "must be a whole number"),
    ("defaults.trigger.batchSize", True, "must be a whole number"),
    ("defaults.trigger.batchWindowSeconds", 0, "at least 1 where batchSize is above 10"),
    ("defaults.trigger.batch_size", 5, "did you mean batchSize?"),
    ("defaults.trigger.malwareScanRequired", "no", "must be true or false"),
    ("defaults.fileProcessor.workerType", "G.3X", "must be one of"),
    ("defaults.fileProcessor.workers", 1, "must be at least 2"),
    ("defaults.retention.logRetentionDays", 15, "must be one of"),
    ("defaults.retention.retainData", "false", "must be true or false"),
    ("defaults.network", ..., "is missing"),
    ("defaults.network.vpc", "yes", "must be true or false"),
    ("defaults.network.cidr", "10.42.0.0/8", "must be private addresses of 16 to 24 bits"),
    ("defaults.network.cidr", "8.8.0.0/16", "must be private addresses of 16 to 24 bits"),
    ("defaults.network.cidr", "ten", "must be private addresses of 16 to 24 bits"),
    ("environments.dev.trigger.batchSize", 0, "must be at least 1"),
    ("environments.dev.trigger", 5, "must be a mapping"),
    ("environments.dev.tigger", {}, "did you mean trigger?"),
    ("environments.dev", None, "must be a mapping"),
    ("environments.test", {}, "must be one of"),
    ("environments.staging", {}, "needs stagingAccount"),
]


@pytest.mark.parametrize(("field", "value", "rule"), WRONG)
def test_a_wrong_value_is_one_error_with_field_value_and_rule(
    written: Callable[[object], Path], field: str, value: object, rule: str
) -> None:
    with pytest.raises(ValueRuleError) as caught:
        load_environments(written(changed(field, value)))
    (broken,) = caught.value.broken
    assert broken.field == field
    assert rule in str(caught.value)
    if value is not ... and broken.value != "test":
        assert broken.value == value


SUBNETS = [f"subnet-0000000{number}" for number in range(3)]
HOMELESS = [
    (False, {}, "subnets", [], "must name 3 subnets in 3 zones"),
    (False, {"subnets": SUBNETS[:2]}, "subnets", SUBNETS[:2], "must name 3 subnets in 3 zones"),
    (False, {"subnets": SUBNETS}, "securityGroups", [], "must name a security group"),
    (False, {"clients": ["10.0.0.0/8"]}, "clients", ["10.0.0.0/8"], "say who may connect"),
    (True, {"subnets": SUBNETS}, "subnets", SUBNETS, "must be empty where network.vpc is true"),
    (True, {"securityGroups": ["sg-00000001"]}, "securityGroups", ["sg-00000001"], "be empty"),
    (True, {"cidr": "10.42.8.0/22"}, "cidr", "10.42.8.0/22", "other addresses than network.cidr"),
    (True, {"maxCapacity": 1024}, "cidr", "10.43.0.0/22", "261 free addresses in each quarter"),
]


@pytest.mark.parametrize(("vpc", "settings", "field", "value", "rule"), HOMELESS)
def test_a_warehouse_that_does_not_fit_its_network_is_refused_with_field_value_and_rule(
    written: Callable[[object], Path],
    *,
    vpc: bool,
    settings: dict[str, Any],
    field: str,
    value: object,
    rule: str,
) -> None:
    dev = {"network": {"vpc": vpc}, "redshift": {"enabled": True, **settings}}
    with pytest.raises(ValueRuleError) as caught:
        load_environments(written(changed("environments.dev", dev)))
    broken = {one.field: one for one in caught.value.broken}
    place = "environments.dev" if field in settings else "defaults"
    assert broken[f"{place}.redshift.{field}"].value == value
    assert rule in broken[f"{place}.redshift.{field}"].rule


@pytest.mark.parametrize(
    "dev",
    [
        {"network": {"vpc": True}, "redshift": {"enabled": True, "clients": ["10.0.0.0/8"]}},
        {"redshift": {"enabled": True, "subnets": SUBNETS, "securityGroups": ["sg-00000001"]}},
        {"redshift": {"subnets": SUBNETS[:1]}},
    ],
)
def test_a_warehouse_has_a_place_in_the_own_vpc_or_in_subnets_of_somebody_s(
    written: Callable[[object], Path], dev: dict[str, Any]
) -> None:
    loaded, prod = load_environments(written(changed("environments.dev", dev))).all
    assert loaded.settings.redshift.enabled == dev["redshift"].get("enabled", False)
    assert loaded.settings.has_spectrum_role == loaded.settings.redshift.enabled
    assert not prod.settings.has_spectrum_role


@given(st.integers(min_value=-10, max_value=2000))
def test_capacities_are_those_that_redshift_has(rpu: int) -> None:
    known = {4, *range(8, 513, 8), *range(512, 1025, 32)}
    try:
        Warehouse.model_validate({"baseCapacity": rpu, "maxCapacity": 1024})
    except ValidationError:
        assert rpu not in known
    else:
        assert rpu in known


ANALYSTS = "arn:aws:iam::222222222222:role/analysts"


def test_groups_of_readers_need_somebody_who_keeps_columns_and_rows_from_them(
    written: Callable[[object], Path],
) -> None:
    document = changed("environments.dev.reading", {"groups": {"eu": [ANALYSTS]}})
    with pytest.raises(ValueRuleError) as caught:
        load_environments(written(document))
    (broken,) = caught.value.broken
    assert (broken.field, broken.value) == ("defaults.lakeFormation", False)
    assert "must be true where reading.groups has groups, and has eu" in broken.rule
    assert "take the groups out of this environment" in broken.rule
    document["environments"]["dev"]["lakeFormation"] = True
    dev, prod = load_environments(written(document)).all
    assert (dev.settings.reading.groups, prod.settings.reading.groups) == ({"eu": (ANALYSTS,)}, {})


def test_groups_of_readers_do_not_go_with_tables_that_glue_keeps(
    written: Callable[[object], Path],
) -> None:
    document = changed("environments.dev.reading", {"groups": {"eu": [ANALYSTS]}})
    document["environments"]["dev"]["lakeFormation"] = True
    document["environments"]["dev"]["maintenance"] = {"tablesKeptByGlue": ["daily"]}
    with pytest.raises(ValueRuleError, match=r"cannot go with both reading\.groups and"):
        load_environments(written(document))


def test_a_group_s_role_of_another_account_needs_an_external_id(
    written: Callable[[object], Path],
) -> None:
    theirs = ANALYSTS.replace("222222222222", "555555555555")
    document = changed("environments.dev.reading", {"groups": {"eu": [ANALYSTS, theirs]}})
    document["environments"]["dev"]["lakeFormation"] = True
    with pytest.raises(ValueRuleError, match="must have words for 555555555555") as caught:
        load_environments(written(document))
    (broken,) = caught.value.broken
    assert broken.field == "environments.dev.reading.groups.eu"
    ids = {"555555555555": "words-agreed-on"}
    document["environments"]["dev"]["reading"]["externalIds"] = ids
    assert load_environments(written(document)).all[0].settings.reading.external_ids == ids


def test_a_group_whose_role_would_have_too_long_a_name_is_an_error(
    written: Callable[[object], Path],
) -> None:
    document = changed("environments.dev.reading", {"groups": {"e" * 20: [ANALYSTS]}})
    document["environments"]["dev"]["lakeFormation"] = True
    document["project"] = "a-project-with-a-name"
    with pytest.raises(NamingError, match="readers-eeee"):
        load_environments(written(document))


def test_the_account_of_the_pipelines_may_be_that_of_dev(
    written: Callable[[object], Path],
) -> None:
    loaded = load_environments(written(changed("devAccount.awsAccountId", "111111111111")))
    assert loaded.all[0].account.aws_account_id == loaded.delivery.account.aws_account_id


def test_staging_may_share_its_account_with_nobody(written: Callable[[object], Path]) -> None:
    for owner in ("pipeline", "dev", "prod"):
        document = a_valid_document()
        document["stagingAccount"] = dict(document[f"{owner}Account"])
        with pytest.raises(ValueRuleError, match="must be another account than"):
            load_environments(written(document))


def test_an_app_follows_the_shared_source_but_for_what_it_has_of_its_own(
    written: Callable[[object], Path],
) -> None:
    document = changed("source.glueApp", {"repository": "example-org/glue-jobs"})
    infrastructure, application = (
        load_environments(written(document)).delivery.sources[app] for app in App
    )
    assert application.repository == "example-org/glue-jobs"
    assert infrastructure.repository == document["source"]["repository"]
    assert application.connection_arn == infrastructure.connection_arn


def test_the_shipped_connection_is_known_as_a_placeholder(
    written: Callable[[object], Path],
) -> None:
    arn = "arn:aws:codeconnections:eu-west-1:111111111111:connection/"
    real = changed("source.connectionArn", f"{arn}01234567-89ab-cdef-0123-456789abcdef")
    assert load_environments().delivery.sources[App.INFRASTRUCTURE].is_placeholder
    sources = load_environments(written(real)).delivery.sources
    assert not sources[App.INFRASTRUCTURE].is_placeholder


def test_several_wrong_values_are_listed_together(written: Callable[[object], Path]) -> None:
    document = changed("devAccount.awsAccountId", "1")
    document["defaults"]["fileProcessor"]["workers"] = 0
    document["environments"]["prod"] = {"retention": {"retainData": 1}}
    with pytest.raises(ValueRuleError) as caught:
        load_environments(written(document))
    assert [broken.field for broken in caught.value.broken] == [
        "devAccount.awsAccountId",
        "defaults.fileProcessor.workers",
        "environments.prod.retention.retainData",
    ]
    assert "environments.yaml has 3 wrong values" in str(caught.value)


def test_no_message_speaks_of_the_library_that_found_it(written: Callable[[object], Path]) -> None:
    document = {name: value for name, value in a_valid_document().items() if name == "project"}
    with pytest.raises(ValueRuleError) as caught:
        load_environments(written(document))
    for word in ("pydantic", "Input should", "https://", "type="):
        assert word not in str(caught.value)


def test_a_rule_between_two_settings_holds_after_overriding_one(
    written: Callable[[object], Path],
) -> None:
    document = changed("defaults.trigger.batchSize", 10)
    document["defaults"]["trigger"]["batchWindowSeconds"] = 0
    document["environments"]["prod"] = {"trigger": {"batchSize": 11}}
    with pytest.raises(ValueRuleError, match=r"batchWindowSeconds is 0: must be at least 1 where"):
        load_environments(written(document))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold a mapping"),
        ("- project", "must hold a mapping"),
        ("project: [", "is not YAML"),
        ("project: a\nproject: b\n", "'project' in line 2 is there twice"),
        ("1: a\n", "key 1 in line 1 is not text"),
    ],
)
def test_a_file_that_is_not_a_yaml_mapping_is_one_error(
    written: Callable[[object], Path], text: str, said: str
) -> None:
    with pytest.raises(SourceError) as caught:
        load_environments(written(text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        load_environments(tmp_path / "environments.yaml")


def test_a_project_that_makes_a_bucket_name_too_long_is_refused(
    written: Callable[[object], Path],
) -> None:
    with pytest.raises(NamingError, match=r"shorten `project`"):
        load_environments(written(changed("project", "a-project-with-a-long-name")))


@given(st.text(max_size=20).filter(lambda text: not (text.isascii() and text.isdigit())))
def test_no_text_that_is_not_digits_is_an_account_id(text: str) -> None:
    with pytest.raises(ValueError, match="12 digits"):
        account_id(text)


_TREES = st.recursive(
    st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below), max_leaves=8
)
_MAPPINGS = st.dictionaries(st.sampled_from("abc"), _TREES)


@given(_MAPPINGS)
def test_nothing_laid_over_the_defaults_leaves_them_as_they_are(defaults: Document) -> None:
    assert merged(defaults, {}) == defaults


@given(_MAPPINGS, _MAPPINGS)
def test_every_override_wins(defaults: Document, overrides: Document) -> None:
    assert merged(merged(defaults, overrides), overrides) == merged(defaults, overrides)
    for name, value in overrides.items():
        if not isinstance(value, dict):
            assert merged(defaults, overrides)[name] == value


def test_a_job_has_its_size_and_schedule_where_its_spec_says_so_or_among_jobs() -> None:
    settings = load_environments().all[0].settings
    spec = JobSpec(name="row_counts", description="Counts rows")
    assert spec.size_in(settings) == JobSettings()
    assert spec.schedule_in(settings) == ""
    larger = JobSettings(workers=4, schedule="cron(15 4 * * ? *)")
    changed_settings = settings.model_copy(update={"jobs": {"row_counts": larger}})
    assert spec.size_in(changed_settings).workers == 4
    assert spec.schedule_in(changed_settings) == "cron(15 4 * * ? *)"
    assert FILE_PROCESSOR.size_in(settings) == settings.file_processor
    assert TABLE_MAINTENANCE.schedule_in(settings) == settings.maintenance.schedule


@pytest.mark.parametrize("place", ["defaults", "environments.prod"])
def test_settings_of_a_job_that_is_not_there_are_refused(
    written: Callable[[object], Path], place: str
) -> None:
    document = changed(f"{place}.jobs", {"nobody": {"workers": 4}})
    with pytest.raises(ValueRuleError, match=rf"{place}\.jobs\.nobody .*config/jobs\.py"):
        load_environments(written(document))


def test_no_run_is_longer_than_the_longest_job() -> None:
    settings = load_environments().all[0].settings
    minutes = [job.size_in(settings).timeout_minutes for job in JOBS]
    assert longest_run_minutes(settings) == max(minutes)


@pytest.mark.parametrize("worker_type", ["G.1X", "G.2X", "G.4X", "R.1X"])
def test_flex_is_for_small_workers_only(
    written: Callable[[object], Path], worker_type: str
) -> None:
    size = {"workerType": worker_type, "workers": 4, "timeoutMinutes": 60, "executionClass": "FLEX"}
    file = written(changed("defaults.legislators", size))
    if worker_type in ("G.1X", "G.2X"):
        assert load_environments(file).all[0].settings.legislators.execution_class == "FLEX"
        return
    with pytest.raises(ValueRuleError, match=f"STANDARD where workerType is {worker_type}"):
        load_environments(file)


def test_a_region_without_prices_stops_everything_until_config_says_whose_count(
    written: Callable[[object], Path],
) -> None:
    document = changed("prodAccount.awsRegion", "sa-east-1")
    with pytest.raises(ValueRuleError, match=r"prodAccount.awsRegion is 'sa-east-1'.*pricesOf"):
        load_environments(written(document))
    document["environments"]["prod"] = {"cost": {"pricesOf": "eu-west-1"}}
    prod = load_environments(written(document)).all[1]
    assert prod.prices == prices_of("eu-west-1")


@pytest.mark.parametrize("region", regions_with_prices())
def test_a_price_list_is_whole_and_of_a_region_that_there_is(region: str) -> None:
    assert region in REGIONS
    assert prices_of(region).glue.flex_dpu_hour < prices_of(region).glue.dpu_hour
