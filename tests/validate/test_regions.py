"""RB254 and RB709: regions and their services, from the data of the installed botocore."""

from __future__ import annotations

import pytest
from botocore.session import Session

from actions.aws.aws_regions import regions
from engine.checks import validate
from tests.validate.cases import marked, places
from tests.validate.corpus import registry

HEAD = "runbook: case\n"
STEP = "  - {{id: {0}, check: rds.cluster, with: {{name: orders}}, region: {1}}}\n"
PAUSE = "  - {{id: {0}, call: aws.apprunner.pause_service, with: {{ServiceArn: {0}}}, repeatable: true{1}}}\n"
FOUND = {
    "of the runbook": "region: «RB254 us-wset-2»\nsteps:\n  - {id: a, wait: 1s}\n",
    "of a step": "steps:\n" + STEP.format("a", "«RB254 eu-cenral-1»"),
    "of a setting": "region: us-west-2\nsettings: {a: {from: ssm:/a, region: «RB254 us-west-9»}}\nnotify: ${settings.a}\n"
    "steps:\n  - {id: a, wait: 1s}\n",
    "of an input": "inputs: {r: {type: region, default: «RB254 us-wset-2»}}\nregion: ${r}\nsteps:\n  - {id: a, wait: 1s}\n",
    "of several": "inputs: {r: {type: region, enum: [us-east-1, «RB254 us-east-3»]}}\nsteps:\n" + STEP.format("a", "us-east-1")
    + '  - {id: b, hold: "${r}"}\n',
    "by a var": "vars: {r: us-wset-2}\nregion: «RB254 ${r}»\nsteps:\n  - {id: a, wait: 1s}\n",
    "that is none": "region: «RB254 aws-global»\nsteps:\n  - {id: a, wait: 1s}\n",
    "without a service": "region: eu-north-1\nsteps:\n"
    + PAUSE.format("a", "").replace("aws.apprunner.pause_service", "«RB709 aws.apprunner.pause_service»"),
    "of a step alone": "region: eu-west-1\nsteps:\n" + PAUSE.format("a", "")
    + PAUSE.format("b", ", region: sa-east-1").replace("aws.apprunner.pause_service", "«RB709 aws.apprunner.pause_service»"),
    "of what is looked at after a call": "region: eu-west-1\nsteps:\n"
    "  - {id: a, call: aws.rds.stop_db_cluster, with: {DBClusterIdentifier: a}, region: eu-north-1, until: {"
    "check: «RB709 aws.apprunner.list_services», status: 'seen.ServiceSummaryList[0].Status', is: seen.ServiceSummaryList, "
    "classes: {available: [RUNNING]}}, monitor: {every: 1m, for: 1h}}\n",
}  # fmt: skip
RIGHT = {
    "a newer one, with a reason": "region: us-west-9  # runbook: ignore RB254 because it opened yesterday\n"
    "steps:\n  - {id: a, wait: 1s}\n",
    "of China": "region: cn-north-1\nsteps:\n  - {id: a, wait: 1s}\n",
    "of an input, whatever it is": "inputs: {r: {type: region, default: eu-north-1}}\nregion: ${r}\nsteps:\n"
    + PAUSE.format("a", ""),
    "a service without regions": "region: eu-north-1\nsteps:\n"
    "  - {id: a, call: aws.iam.get_role, with: {RoleName: a}}\n  - {id: b, call: aws.s3.list_buckets}\n",
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_findings(text: str) -> None:
    text, expected = marked(HEAD + text)
    found = validate(text, registry(), "case.yaml")[1]
    assert places(found) == expected, found


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_no_findings(text: str) -> None:
    assert places(validate(HEAD + text, registry(), "case.yaml")[1]) == []


def test_suggestion() -> None:
    _, found = validate(HEAD + FOUND["of the runbook"].replace("«RB254 us-wset-2»", "us-wset-2"), registry())
    assert found[0].message == "unknown AWS region `us-wset-2`"
    assert found[0].help.startswith("did you mean `us-west-2`? regions: af-south-1, ")


def test_regions_are_those_of_botocore() -> None:
    """For services with regional endpoints. If a partition has one global endpoint, the regions are unknown."""
    session = Session()
    partitions = session.get_available_partitions()
    every = {one for name in partitions for one in session.get_available_regions("ec2", name)}
    assert every <= regions()
    for service in ("rds", "ec2", "elbv2", "cloudwatch", "apprunner", "lambda"):
        known = {one for name in partitions for one in session.get_available_regions(service, name)}
        assert regions(service) == known, service


@pytest.mark.parametrize("service", ["iam", "s3", "route53", "health", "no-such-service"])
def test_regions_of_global_services_are_unknown(service: str) -> None:
    assert regions(service) == frozenset()
