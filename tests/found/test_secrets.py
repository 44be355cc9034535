"""Secrets: where one is compulsory, plain text is found; and no form of one comes back in a message."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from actions.masking import masked_text
from tests.cli.commands import Cli
from tests.found.cases import HEAD, validated

DECLARED = """\
inputs: {pw: {}, more: {type: map}}
settings: {plain: ssm:/pw, pass: secret:db#password}
vars: {again: "${pw}", users: [{name: app, password: "${pw}"}], safe: [{name: app, password: "${settings.pass}"}]}
"""
MODIFY = 'steps:\n  - id: x\n    call: aws.rds.modify_db_cluster\n    with: {{DBClusterIdentifier: a, MasterUserPassword: "{}"}}\n    repeatable: true\n'


@pytest.mark.parametrize(
    "value", ["swordfish", "${pw}", "${again}", "${settings.plain}", "x${pw}", "${pw ~ 'x'}", "${operation.id}"]
)
def test_plain_text_in_a_password_is_found(cli: Cli, tmp_path: Path, value: str) -> None:
    assert validated(cli, tmp_path, HEAD + DECLARED + MODIFY.format(value)) == [("RB310", 9)]


@pytest.mark.parametrize("value", ["${settings.pass}", "${more.pw}", "${settings.pass if pw == 'x' else none}"])
def test_a_secret_or_what_nobody_knows_is_accepted(cli: Cli, tmp_path: Path, value: str) -> None:
    assert not validated(cli, tmp_path, HEAD + DECLARED + MODIFY.format(value))


CALLS = {
    "a list of passwords": (
        "elasticache.create_user",
        "UserId: a, UserName: a, Engine: valkey, AccessString: a, Passwords: ['${pw}']",
    ),
    "nested": (
        "memorydb.create_user",
        "UserName: a, AccessString: a, AuthenticationMode: {Type: password, Passwords: ['${pw}']}",
    ),
    "a token": ("elasticache.modify_replication_group", "ReplicationGroupId: a, AuthToken: '${pw}'"),
    "a password that the model does not mark": (
        "docdb.modify_db_cluster",
        "DBClusterIdentifier: a, MasterUserPassword: '${pw}'",
    ),
    "a private key": ("acm.import_certificate", "Certificate: a, PrivateKey: '${pw}'"),
    "the text of a secret": ("secretsmanager.put_secret_value", "SecretId: a, SecretString: '${pw}'"),
}


@pytest.mark.parametrize(("name", "params"), CALLS.values(), ids=CALLS)
def test_it_is_found_in_every_such_member(cli: Cli, tmp_path: Path, name: str, params: str) -> None:
    step = f"steps:\n  - id: x\n    call: aws.{name}\n    with: {{{params}}}\n    repeatable: true\n"
    assert validated(cli, tmp_path, HEAD + DECLARED + step) == [("RB310", 9)]
    assert not validated(cli, tmp_path, HEAD + DECLARED + step.replace("${pw}", "${settings.pass}"))


OPTIONAL = {
    "a payload": ("lambda.invoke", "FunctionName: a, Payload: '{}'"),
    "a token of pages": ("organizations.list_accounts", "NextToken: '${pw}'"),
    "the name of a secret": ("secretsmanager.delete_secret", "SecretId: '${pw}'"),
}


@pytest.mark.parametrize(("name", "params"), OPTIONAL.values(), ids=OPTIONAL)
def test_what_is_only_marked_as_sensitive_may_be_plain(cli: Cli, tmp_path: Path, name: str, params: str) -> None:
    step = f"steps:\n  - id: x\n    call: aws.{name}\n    with: {{{params}}}\n    repeatable: true\n"
    assert not validated(cli, tmp_path, HEAD + DECLARED + step)


@pytest.mark.parametrize(
    ("users", "admin", "found"),
    [
        ("${users}", "${settings.pass}", 1), ("${safe}", "${settings.pass}", 0), ("${safe}", "${settings.plain}", 1),
        ("${safe}", "{username: a, password: b}", 1), ("${safe}", "{username: a, password: '${settings.pass}'}", 0),
    ],
)  # fmt: skip
def test_it_is_followed_through_vars_and_maps(cli: Cli, tmp_path: Path, users: str, admin: str, found: int) -> None:
    written = admin if admin.startswith("{") else f'"{admin}"'
    step = f'steps:\n  - id: x\n    call: postgres.setup_users\n    with:\n      host: a\n      admin: {written}\n      users: "{users}"\n'
    rules = [rule for rule, _ in validated(cli, tmp_path, HEAD + DECLARED + step)]
    assert rules == ["RB310"] * found


SECRET = "p\"a's<s>&w/o\\rd é+=%"
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON with its own characters": lambda text: json.dumps(text, ensure_ascii=False).replace("/", "\\/"),
    "HTML": html.escape,
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "XML with decimal entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "JSON in HTML": lambda text: html.escape(json.dumps(text)),
    "a URL": lambda text: urllib.parse.quote(text, safe=""),
    "a URL in lower case": lambda text: urllib.parse.quote(text, safe="").lower(),
    "a form": urllib.parse.quote_plus,
    "a URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of a URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64, in a URL": lambda text: urllib.parse.quote(base64.b64encode(text.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_masked_in_every_form(form: Callable[[str], str]) -> None:
    masked = masked_text(f"cannot use ({form(SECRET)}) here", [SECRET])
    left = masked.removeprefix("cannot use (").removesuffix(") here")
    assert set(left) <= set('*\\"&quot;'), left


@pytest.mark.parametrize("before", ["", "x", "xy", '{"password": "', "abcd"])
def test_a_secret_is_masked_inside_of_base64(before: str) -> None:
    longer = base64.b64encode((before + SECRET + "more").encode()).decode()
    head, stars, tail = masked_text(longer, [SECRET]).partition("***")
    assert stars
    assert before.encode().startswith(base64.b64decode(head[: len(head) // 4 * 4]))
    assert len(tail) <= len("bW9yZQ==")


def test_masking_leaves_other_text_alone() -> None:
    message = "the value 'abc' of MasterUserPassword is not valid base64 YWJjZGVmZw=="
    assert masked_text(message, [SECRET, ""]) == message
