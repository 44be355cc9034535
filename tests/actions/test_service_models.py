"""botocore's models, read without botocore: parameters, outputs and secrets of generic calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from actions.aws.service_models import first_sentence, service_model
from tests.actions.test_generic_calls import action, kind


def test_parameters_come_from_the_model() -> None:
    params = action("aws.rds.modify_db_cluster").params
    assert params["DBClusterIdentifier"].required
    assert not params["MasterUserPassword"].required
    assert params["MasterUserPassword"].secret
    assert not params["DBClusterIdentifier"].secret
    assert params["Port"].schema == {"type": "integer"}
    assert params["VpcSecurityGroupIds"].schema == {"type": "array", "items": {"type": "string"}}
    assert params["ServerlessV2ScalingConfiguration"].schema["additionalProperties"] is False
    assert tuple(action("aws.rds.modify_db_cluster").calls) == ("rds.ModifyDBCluster",)
    assert "DBClusterNotFoundFault" in action("aws.rds.modify_db_cluster").errors
    assert "DBInstanceNotFound" in action("aws.rds.describe_db_instances").errors  # the wire's, not the shape's


def test_an_idempotency_token_is_optional() -> None:
    params = action("aws.secretsmanager.put_secret_value").params
    assert not params["ClientRequestToken"].required
    assert params["SecretString"].secret


def test_a_secret_in_a_structure_lets_the_parameter_take_secrets() -> None:
    params = action("aws.rds.create_tenant_database").params
    assert params["MasterUserPassword"].secret
    nested = action("aws.dms.create_endpoint").params
    assert nested["PostgreSQLSettings"].secret
    assert not nested["Tags"].secret


def test_a_sensitive_member_takes_secrets_whatever_its_name() -> None:
    params = action("aws.ssm.put_parameter").params
    assert params["Value"].secret
    assert not params["Name"].secret


def test_a_recursive_shape_allows_anything_where_it_recurs() -> None:
    schema = action("aws.dynamodb.get_item").params["Key"].schema
    assert schema["additionalProperties"]["properties"]["M"] == {"type": "object", "additionalProperties": {}}


def test_outputs_have_types() -> None:
    output = kind("aws.rds.describe_db_clusters").attributes
    assert output["DBClusters"]["items"]["properties"]["Status"] == {"type": "string"}
    assert action("aws.rds.describe_db_clusters").output == output


@pytest.mark.parametrize("service", ["rds", "ec2", "dynamodb", "s3", "ecs", "kms", "wafv2", "lexv2-models"])
def test_schemas_of_whole_services_are_valid(service: str) -> None:
    from jsonschema import Draft202012Validator

    model = service_model(service)
    assert model is not None
    for name in list(model.operations)[::7]:
        for param in action(f"aws.{service}.{name}").params.values():
            Draft202012Validator.check_schema(param.schema)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Modifies a <code>cluster</code>. And more.</p>", "Modifies a cluster."),
        ("<p>Version 1.2 of it &amp; more</p>", "Version 1.2 of it & more"),
        ("", ""),
    ],
)
def test_documentation_is_its_first_sentence(html: str, text: str) -> None:
    assert first_sentence(html) == text


def test_reading_a_model_does_not_import_boto3(root: Path) -> None:
    code = (
        "import sys; from actions import build_registry; r = build_registry(False);"
        "a = r.action('aws.rds.modify_db_cluster'); a.params, a.output, r.kind('aws.ec2.describe_instances').attributes;"
        "print([m for m in ('boto3', 'botocore.session', 'botocore.client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("service", "shape", "form"),
    [
        ("iam", "roleNameType", r"[\w+=,.@-]+"),
        ("logs", "LogGroupName", r"[\.\-_/#A-Za-z0-9]+"),
        ("accessanalyzer", "Token", None),  # there is none
        ("appconfig", "ConfigurationProfileType", None),  # `^[a-zA-Z0-9\.\-]+`: what follows may be anything
        ("abuse-signal", "ClientToken", r"[\!-\~]{1,128}"),  # `[\x21-\x7E]{1,128}`
    ],
)
def test_patterns_are_translated(service: str, shape: str, form: str | None) -> None:
    """A pattern is translated, or ignored if it may not be meant for the whole value."""
    model = service_model(service)
    assert model is not None
    assert model.schema({"shape": shape}).get("wholly") == form
