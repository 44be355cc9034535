"""The keys of a store: one that the process knows, and one of KMS, which the sandbox has."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from actions.sandbox import Sandbox
from engine.errors import EnvironmentProblem, UsageError
from engine.stores.authenticated_store import AuthenticatedStore, StoreKey, Unauthenticated
from engine.stores.memory import MemoryStore
from engine.stores.port import StoreUnavailable
from engine.stores.store_key import open_key
from tests.stores.values import written

ARN = "arn:aws:kms:eu-west-1:123456789012:key/ours"
SECRET = base64.b64encode(b"s" * 32).decode()


def no_clients(*_: Any) -> Any:
    raise AssertionError("a key of one's own needs no client")


def sandbox(**key: Any) -> Sandbox:
    """An AWS with one key in eu-west-1."""
    return Sandbox({"kms.key/ours@eu-west-1": key or "available"})


@pytest.fixture(params=["own", "kms"])
def key(request: pytest.FixtureRequest) -> StoreKey:
    if request.param == "own":
        return open_key(SECRET, no_clients)
    return open_key(f"kms:{ARN}", sandbox().clients)


def test_an_hmac_is_of_one_message(key: StoreKey) -> None:
    mac = key.sign(b"message")
    assert len(bytes.fromhex(mac)) == 32
    assert key.verify(b"message", mac)
    assert not key.verify(b"another", mac)


@pytest.mark.parametrize("mac", ["", "zz", "é", "00" * 32, "00" * 7000])
def test_what_is_no_hmac_verifies_nothing(key: StoreKey, mac: str) -> None:
    assert not key.verify(b"message", mac[:12000])


def test_a_log_written_with_it_is_read_with_it(key: StoreKey) -> None:
    plain = MemoryStore()
    store = AuthenticatedStore(plain, key)
    written(store)
    assert len(store.load("op-1")) == 3
    with pytest.raises(Unauthenticated, match=r"is not authenticated by the key sha256:[0-9a-f]{12}: "):
        AuthenticatedStore(plain, open_key(base64.b64encode(b"x" * 32).decode(), no_clients)).load("op-1")


def test_its_name_does_not_tell_it() -> None:
    assert open_key(SECRET, no_clients).name not in SECRET
    assert open_key(f"kms:{ARN}", no_clients).name == f"kms:{ARN}"


@pytest.mark.parametrize(
    "text",
    ["short", base64.b64encode(b"s" * 31).decode(), SECRET + "!", "kms:alias/ours", "kms:", "kms:" + ARN + "\n", "é"],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_key(text, no_clients)
    assert text not in str(caught.value).replace("kms:arn:aws:kms:REGION:ACCOUNT:key/ID", "") or text == "kms:"


@pytest.mark.parametrize(
    ("state", "said"),
    [("Disabled", "DisabledException"), ("PendingDeletion", "KMSInvalidStateException"), ("missing", "NotFound")],
)
def test_a_key_that_cannot_be_used_stops_the_runner(state: str, said: str) -> None:
    with pytest.raises(EnvironmentProblem, match=rf"cannot be used: .*{said}.*kms:GenerateMac") as caught:
        open_key(f"kms:{ARN}", sandbox(status=state).clients).sign(b"message")
    assert not isinstance(caught.value, StoreUnavailable)


def test_expired_credentials_are_named() -> None:
    world = Sandbox({}, script={"kms.GenerateMac": ["ExpiredTokenException"]})
    with pytest.raises(EnvironmentProblem, match=r"credentials for the store key kms:arn.* log in again") as caught:
        open_key(f"kms:{ARN}", world.clients).sign(b"message")
    assert not isinstance(caught.value, StoreUnavailable)


@pytest.mark.parametrize("error", ["ThrottlingException", "KMSInternalException", "lost"])
def test_kms_that_does_not_answer_is_retried_as_the_store_is(error: str) -> None:
    world = Sandbox({}, script={"kms.GenerateMac": [error]})
    with pytest.raises(StoreUnavailable, match="KMS does not answer for the store key kms:arn"):
        open_key(f"kms:{ARN}", world.clients).sign(b"message")
