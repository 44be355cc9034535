"""`aws.…` against botocore's models: fields of responses, values of statuses, bounds and patterns."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name

from actions.aws.service_models import service_model
from engine.checks import validate
from engine.checks.dataflow.conformity import Known, differences
from engine.language.yaml.nodes import MapNode
from engine.language.yaml.reader import load_yaml
from tests.validate.cases import marked, places
from tests.validate.corpus import registry

HEAD = """\
runbook: case
region: us-west-2
vars: {kind: gp9, other: gp3, role: orders role}
inputs: {size: {enum: [huge, vast]}}
steps:
  - id: described
    call: aws.rds.describe_db_clusters
    with: {DBClusterIdentifier: orders}
  - id: job
    check: aws.backup.describe_backup_job
    with: {BackupJobId: a}
    status: seen.State
    classes: {pending: [CREATED, PENDING, RUNNING], available: [COMPLETED], broken: [FAILED]}
    monitor: {every: 1m, for: 1h}
"""
VOLUME = "  - {id: made, call: aws.ec2.create_volume, with: {AvailabilityZone: a, VolumeType: %s}, repeatable: false}\n"

FOUND = {
    "a field of a reply": '  - {id: a, hold: "${described.DBClusters[0].«RB303 Endpont»}"}\n',
    "one further in": '  - {id: a, hold: "${described.DBClusters[0].DBClusterMembers[0].«RB303 IsClusterWritr»}"}\n',
    "of every item": "  - {id: a, hold: \"${described.DBClusters | map(attribute=«RB303 'Endpont'») | join}\"}\n",
    "of what a look sees": """\
  - id: a
    check: aws.rds.describe_db_clusters
    status: seen.DBClusters[0].«RB303 Statu»
    monitor: {every: 1m, for: 1h}
""",
    "a word of a comparison": "  - {id: a, if: \"job.State == «RB307 'COMPLETD'»\", hold: b}\n",
    "which would always be so": "  - {id: a, if: \"«RB307 'COMPLETD'» != job.State\", hold: b}\n",
    "of a list": "  - {id: a, if: \"job.State in ['FAILED', «RB307 'ABORTD'»]\", hold: b}\n",
    "a row": """\
  - id: a
    check: aws.backup.describe_backup_job
    with: {BackupJobId: a}
    status: seen.State
    states: {=COMPLETED: done, «RB404 =COMPLTED»: done}
    monitor: {every: 1m, for: 1h}
""",
    "a word of `classes`": """\
  - id: a
    check: aws.backup.describe_backup_job
    with: {BackupJobId: a}
    status: seen.State
    classes: {available: [COMPLETED], broken: [FAILED, «RB404 ABORTD»]}
    monitor: {every: 1m, for: 1h}
""",
    "a parameter": VOLUME % "«RB253 gp9»",
    "by a var": VOLUME % '«RB307 "${kind}"»',
    "by an input": VOLUME % '«RB307 "${size}"»',
    "a text that is too short": "  - {id: a, call: aws.kms.describe_key, with: {KeyId: «RB253 ''»}}\n",
    "a list that is too short": """\
  - {id: a, call: aws.dynamodb.batch_get_item, with: {RequestItems: {a: {Keys: «RB253 []»}}}, repeatable: true}
""",
    "a number that is too small": "  - {id: a, call: aws.backup.list_backup_jobs, with: {MaxResults: «RB253 0»}}\n",
    "a number that is too large": "  - {id: a, call: aws.backup.list_backup_jobs, with: {MaxResults: «RB253 1001»}}\n",
    "a text that is too long": f"  - {{id: a, call: aws.kms.describe_key, with: {{KeyId: «RB253 {'a' * 2_049}»}}}}\n",
    "a list that is too long": "  - {id: a, call: aws.iam.create_role, repeatable: false, with: {RoleName: a, "
    f"AssumeRolePolicyDocument: b, Tags: «RB253 [{', '.join(['{Key: a, Value: b}'] * 51)}]»}}}}\n",
    "a map that is too large": "  - {id: a, call: aws.dynamodb.batch_get_item, with: {RequestItems: «RB253 {"
    + ", ".join(f"t{n}: {{Keys: [{{}}]}}" for n in range(101))
    + "}»}, repeatable: true}\n",
    "a text of another form": "  - {id: a, call: aws.iam.get_role, with: {RoleName: «RB253 a b»}}\n",
    "by a var, of another form": '  - {id: a, call: aws.iam.get_role, with: {RoleName: «RB307 "${role}"»}}\n',
    "with quotes in it": "  - {id: a, call: aws.logs.create_log_group, repeatable: false, with: {logGroupName: «RB253 '\"orders\"'»}}\n",
    "deep in a map": """\
  - {id: a, call: aws.lambda.create_function, repeatable: false, with: {FunctionName: orders, Code: {S3Bucket: bucket, S3Key: c},
     Role: «RB253 orders-role», VpcConfig: {SecurityGroupIds: [sg-1]}}}
""",
}


@pytest.mark.parametrize("steps", FOUND.values(), ids=FOUND)
def test_findings(steps: str) -> None:
    text, expected = marked(HEAD + steps)
    found = validate(text, registry(), "case.yaml")[1]
    assert places([one for one in found if one.rule != "RB305"]) == expected, found


RIGHT = {
    "fields": '  - {id: a, hold: "${described.DBClusters[0].Endpoint}"}\n',
    "words": "  - {id: a, if: \"job.State in ['FAILED', 'ABORTED'] or job.State == 'EXPIRED'\", hold: b}\n",
    "a parameter": VOLUME % "gp3",
    "by a var": VOLUME % '"${other}"',
    "a text of the form": "  - {id: a, call: aws.iam.get_role, with: {RoleName: orders+a@b}}\n",
    "of a var": '  - {id: a, call: aws.iam.get_role, with: {RoleName: "${other}"}}\n',
    "or one that is not known yet": '  - {id: a, call: aws.iam.get_role, with: {RoleName: "${other} a"}}\n',
    "a form that looks around, which only AWS knows": "  - {id: a, call: aws.acm.request_certificate, repeatable: false, "
    "with: {DomainName: -}}\n",
    "a newer word, with a reason": "  # runbook: ignore RB253 because this botocore is older than gp9\n"
    + VOLUME % "gp9",
}


@pytest.mark.parametrize("steps", RIGHT.values(), ids=RIGHT)
def test_no_findings(steps: str) -> None:
    found = validate(HEAD + steps, registry(), "case.yaml")[1]
    assert places(found) == []


SLOPPY = {
    ("ec2", "BlockDeviceMappings"), ("ec2", "ExcessCapacityTerminationPolicy"),  # a number in quotes; a blank at the end
    ("kms", "CloudHsmClusterId"),  # `cluster-1a23…`: its pattern has no 1
    ("lambda", "UUID"), ("polly", "Name"),  # a word in its place, and nothing
    ("s3", "MultipartUpload"), ("s3", "MaxUploads"), ("s3", "MaxKeys"), ("s3", "PartNumber"),  # numbers in quotes
}  # fmt: skip
"""Examples in AWS's documentation that AWS or botocore would reject."""


def test_aws_examples_have_no_findings() -> None:
    """Thousands of calls from AWS's documentation. They would fail if a pattern or a bound were read too strictly."""
    checked, wrong = 0, set()
    for service, name, schema, value in examples():
        checked += 1
        node = load_yaml(json.dumps({"value": value}))
        assert isinstance(node, MapNode)
        if any(True for _ in differences(node.entries[0][1], schema, Known())):
            wrong.add((service, name))
    assert checked > 2_500
    assert wrong == SLOPPY


def examples() -> Iterator[tuple[str, str, Mapping[str, Any], Any]]:
    """Service, parameter, its schema, and the value of an example."""
    newest = {file.parts[-3]: file for file in sorted(Path(botocore.__file__).parent.glob("data/*/*/examples-1.json*"))}
    for service, file in newest.items():
        model = service_model(service)
        assert model is not None
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for wire, examples in json.loads(text).get("examples", {}).items():
            operation = model.operations.get(xform_name(wire))
            inputs = operation.inputs if operation is not None else {}
            for name, value in ((name, value) for one in examples for name, value in one.get("input", {}).items()):
                if name in inputs:
                    yield service, name, model.schema(inputs[name]), value
