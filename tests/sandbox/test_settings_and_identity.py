"""SSM, Secrets Manager, SNS, KMS and STS."""

from __future__ import annotations

import json

import pytest

WORLD = {
    "accounts": {"source": "210987654321"},
    "ssm:/app/subnet-group": "private",
    "ssm:/app/list": ["sg-1", "sg-2"],
    "ssm:/app/hidden": {"value": "s3cret", "type": "SecureString"},
    "ssm:/app/gone-topic": "missing",
    "ssm:/app/here@us-west-2": "only here",
    "secret:app/admin": {"username": "admin", "password": "pw"},
    "secret:app/text": "just text",
    "kms.key/k1@us-west-2": {"alias": "alias/ours", "multi_region": True},
    "kms.key/k2@us-west-2": "PendingDeletion",
    "kms.key/theirs@us-west-2/source": {},
    "topic/alerts@us-west-2": "available",
}
TOPIC = "arn:aws:sns:us-west-2:123456789012:"


@pytest.fixture
def there(make):
    return make(WORLD)


def client(there, service, region="us-west-2", account=None):
    return there.sandbox.clients(service, region, account)


def test_parameters(there):
    ssm = client(there, "ssm")
    one = ssm.get_parameter(Name="/app/subnet-group")["Parameter"]
    assert (one["Value"], one["Type"], one["Version"]) == ("private", "String", 1)
    assert ssm.get_parameter(Name=one["ARN"])["Parameter"]["Value"] == "private"
    listed = ssm.get_parameter(Name="/app/list")["Parameter"]
    assert (listed["Value"], listed["Type"]) == ("sg-1,sg-2", "StringList")
    answer = ssm.get_parameters(Names=["/app/list", "/app/no"])
    assert ([one["Name"] for one in answer["Parameters"]], answer["InvalidParameters"]) == (["/app/list"], ["/app/no"])


def test_a_secure_string_is_hidden_without_decryption(there):
    ssm = client(there, "ssm")
    assert "s3cret" not in ssm.get_parameter(Name="/app/hidden")["Parameter"]["Value"]
    assert ssm.get_parameter(Name="/app/hidden", WithDecryption=True)["Parameter"]["Value"] == "s3cret"


@pytest.mark.parametrize("name", ["/app/no", "/app/gone-topic"])
def test_missing_parameters(there, name):
    refusal = there.refusal(client(there, "ssm").get_parameter, Name=name)
    assert refusal == ("ParameterNotFound", 400, f"Parameter {name} not found.")


def test_a_parameter_of_one_region(there):
    assert client(there, "ssm").get_parameter(Name="/app/here")["Parameter"]["Value"] == "only here"
    assert there.refusal(client(there, "ssm", "us-east-1").get_parameter, Name="/app/here")[0] == "ParameterNotFound"


def test_a_new_value_is_a_new_version(there):
    there.sandbox.put("ssm:/app/subnet-group", "other")
    one = client(there, "ssm").get_parameter(Name="/app/subnet-group")["Parameter"]
    assert (one["Value"], one["Version"]) == ("other", 2)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("security-group-ids", "sg-0sandbox"),
        ("subnet-group", "default"),
        ("kms-key", "arn:aws:kms:us-west-2:123456789012:key/"),
        ("topic-arn", "arn:aws:sns:us-west-2:123456789012:sandbox"),
    ],
)
def test_parameters_that_are_not_declared_have_values_by_their_names(make, word, value):
    ssm = make({}).sandbox.clients("ssm", "us-west-2")
    assert ssm.get_parameter(Name=f"/some/{word}")["Parameter"]["Value"].startswith(value)


def test_secrets(there):
    ask = client(there, "secretsmanager").get_secret_value
    one = ask(SecretId="app/admin")
    assert json.loads(one["SecretString"]) == {"username": "admin", "password": "pw"}
    assert one["VersionStages"] == ["AWSCURRENT"]
    assert ask(SecretId=one["ARN"])["Name"] == "app/admin"
    assert ask(SecretId=one["ARN"].rpartition("-")[0], VersionId=one["VersionId"])["Name"] == "app/admin"
    assert ask(SecretId="app/text")["SecretString"] == "just text"
    there.sandbox.put("secret:app/text", "another")
    assert ask(SecretId="app/text")["VersionId"] != one["VersionId"]


@pytest.mark.parametrize(
    "params",
    [
        {"SecretId": "no"},
        {"SecretId": "app/admin", "VersionId": "00000000-0000-4000-8000-000000000009"},
        {"SecretId": "app/admin", "VersionStage": "AWSPREVIOUS"},
    ],
)
def test_missing_secrets(there, params):
    refusal = there.refusal(client(there, "secretsmanager").get_secret_value, **params)
    assert refusal[:2] == ("ResourceNotFoundException", 400)


# -- SNS -----------------------------------------------------------------------------------------------------


def test_a_published_message_is_kept(there):
    attributes = {"event": {"DataType": "String", "StringValue": "held"}}
    answer = client(there, "sns").publish(
        TopicArn=TOPIC + "alerts", Subject="It holds", Message="text é", MessageAttributes=attributes
    )
    (message,) = there.sandbox.messages
    assert message["id"] == answer["MessageId"]
    assert (message["topic"], message["subject"], message["text"]) == (TOPIC + "alerts", "It holds", "text é")
    assert message["attributes"] == {"event": "held"}


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({"TopicArn": TOPIC + "no"}, "NotFound", 404),
        ({"TopicArn": "alerts"}, "InvalidParameter", 400),
        ({"TopicArn": "arn:aws:sns:us-east-1:123456789012:alerts"}, "InvalidParameter", 400),
        ({}, "InvalidParameter", 400),
        ({"TopicArn": TOPIC + "alerts", "Subject": "x" * 101}, "InvalidParameter", 400),
        ({"TopicArn": TOPIC + "alerts", "Subject": "é"}, "InvalidParameter", 400),
        ({"TopicArn": TOPIC + "alerts", "Subject": "two\nlines"}, "InvalidParameter", 400),
        ({"TopicArn": TOPIC + "alerts", "Message": ""}, "InvalidParameter", 400),
        ({"TopicArn": TOPIC + "alerts", "Message": "x" * 262_145}, "InvalidParameter", 400),
    ],
)
def test_wrong_messages_are_refused(there, params, code, status):
    refusal = there.refusal(client(there, "sns").publish, **({"Message": "text"} | params))
    assert refusal[:2] == (code, status)
    assert there.sandbox.messages == []


# -- KMS, STS ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["k1", "alias/ours", "arn:aws:kms:us-west-2:123456789012:key/k1",
                                  "arn:aws:kms:us-west-2:123456789012:alias/ours"])  # fmt: skip
def test_keys(there, name):
    key = client(there, "kms").describe_key(KeyId=name)["KeyMetadata"]
    assert (key["KeyId"], key["KeyState"], key["Enabled"]) == ("k1", "Enabled", True)
    assert (key["KeyManager"], key["MultiRegion"]) == ("CUSTOMER", True)


def test_states_of_keys(there):
    kms = client(there, "kms")
    assert kms.describe_key(KeyId="k2")["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["KeyManager"] == "AWS"
    arn = "arn:aws:kms:us-west-2:210987654321:key/theirs"
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["AWSAccountId"] == "210987654321"
    aliases = {one["AliasName"]: one["TargetKeyId"] for one in kms.list_aliases()["Aliases"]}
    assert aliases["alias/ours"] == "k1"
    assert "alias/aws/rds" in aliases


@pytest.mark.parametrize("name", ["no", "alias/no", "theirs", "arn:aws:kms:us-east-1:123456789012:key/k1"])
def test_missing_keys(there, name):
    assert there.refusal(client(there, "kms").describe_key, KeyId=name)[:2] == ("NotFoundException", 400)


def test_the_callers_identity(there):
    assert client(there, "sts").get_caller_identity()["Account"] == "123456789012"
    assert client(there, "sts", account="source").get_caller_identity()["Account"] == "210987654321"
    assert client(there, "sts", account="999999999999").get_caller_identity()["Account"] == "999999999999"


def test_unknown_accounts_have_different_ids(make):
    here = make({"rds.cluster/c@us-west-2/mine": "available"})
    ids = {
        here.sandbox.clients("sts", "us-west-2", name).get_caller_identity()["Account"]
        for name in ("mine", "yours", None)
    }
    assert len(ids) == 3
    assert all(len(id) == 12 and id.isdigit() for id in ids)
    assert here.sandbox.clients("rds", "us-west-2", "mine").describe_db_clusters()["DBClusters"]
    assert here.rds.describe_db_clusters()["DBClusters"] == []


def test_assuming_a_role(there):
    ask = client(there, "sts").assume_role
    made = ask(RoleArn="arn:aws:iam::210987654321:role/runbook", RoleSessionName="me", ExternalId="x1")
    assert made["AssumedRoleUser"]["Arn"] == "arn:aws:sts::210987654321:assumed-role/runbook/me"
    assert made["Credentials"]["AccessKeyId"].endswith("210987654321")
    assert made["Credentials"]["Expiration"].year == 2099  # clients have their own clocks
    refusal = there.refusal(ask, RoleArn="arn:aws:iam::nobody:role/x", RoleSessionName="me")
    assert refusal[0] == "ValidationError"
