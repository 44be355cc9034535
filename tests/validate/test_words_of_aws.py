"""What botocore's models say of `aws.…`: fields of replies, words of states, and the least that is let through."""

from __future__ import annotations

import pytest

from engine.checks import validate
from tests.validate.cases import marked, places
from tests.validate.corpus import registry

HEAD = """\
runbook: case
region: us-west-2
vars: {kind: gp9, other: gp3}
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
}


@pytest.mark.parametrize("steps", FOUND.values(), ids=FOUND)
def test_what_is_found(steps: str) -> None:
    text, expected = marked(HEAD + steps)
    found = validate(text, registry(), "case.yaml")[1]
    assert places([one for one in found if one.rule != "RB305"]) == expected, found


RIGHT = {
    "fields": '  - {id: a, hold: "${described.DBClusters[0].Endpoint}"}\n',
    "words": "  - {id: a, if: \"job.State in ['FAILED', 'ABORTED'] or job.State == 'EXPIRED'\", hold: b}\n",
    "a parameter": VOLUME % "gp3",
    "by a var": VOLUME % '"${other}"',
    "a newer word, with a reason": "  # runbook: ignore RB253 because this botocore is older than gp9\n"
    + VOLUME % "gp9",
}


@pytest.mark.parametrize("steps", RIGHT.values(), ids=RIGHT)
def test_what_is_right(steps: str) -> None:
    found = validate(HEAD + steps, registry(), "case.yaml")[1]
    assert places(found) == []
