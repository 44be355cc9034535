"""A proxy or login portal between this machine and AWS answers with a web page: that is said, and never taken for a reply of AWS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from actions.aws.call_errors import aws_call
from actions.aws.sessions import Sessions
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown
from tests.cli.commands import Cli, Store, write_file

pytestmark = pytest.mark.integration

PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>"
PLACES = {
    "a check": "steps:\n  - {id: old, check: rds.cluster, with: {name: orders}}\n",
    "a setting": 'settings: {s: ssm:/x}\nsteps:\n  - {id: ask, hold: "${settings.s}"}\n',
    "a call": "steps:\n  - {id: put, call: aws.dynamodb.describe_table, with: {TableName: x}, repeatable: true}\n",
}


@dataclass
class Portal:
    """Its address, and the status and body of every answer."""

    url: str = ""
    status: int = 200
    body: bytes = PAGE


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    state = Portal()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(state.status)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names are those of http.server

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join(timeout=5)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("status", [200, 302, 403, 407, 502])
def test_a_page_is_no_reply_of_aws(
    process: Cli, portal: Portal, tmp_path, store: Store, status: int, place: str
) -> None:
    portal.status = status
    file = write_file(tmp_path / "a.yaml", f"runbook: a\nregion: us-west-2\n{place}")
    result = process("run", file, *store, "--no-input", "--endpoint-url", portal.url)
    assert result.code == 4, result.err  # as for an address that does not answer
    assert f"a web page came from {portal.url} (HTTP {status}) in place of a reply of AWS" in result.err
    assert "a proxy, a firewall or a login portal answered" in result.err
    assert "Please sign in" not in result.err
    assert "no operation" in process("list", *store).err


CALLS = {
    # a read and a change of each protocol: service, operation, parameters, whether it changes something
    "query": ("rds", "describe_db_clusters", {}, False),
    "query, a change": ("rds", "delete_db_cluster", {"DBClusterIdentifier": "a"}, True),
    "json": ("dynamodb", "list_tables", {}, False),
    "json, a change": ("dynamodb", "delete_table", {"TableName": "abc"}, True),
    "rest-xml": ("s3", "list_buckets", {}, False),
    "rest-xml, a change": ("s3", "create_bucket", {"Bucket": "a-bucket"}, True),
    "rest-json": ("lambda", "list_functions", {}, False),
    "rest-json, a change": ("lambda", "delete_event_source_mapping", {"UUID": "a" * 36}, True),
    "ec2": ("ec2", "describe_vpcs", {}, False),
    "ec2, a change": ("ec2", "delete_vpc", {"VpcId": "vpc-1"}, True),
}


@pytest.mark.parametrize("status", [200, 403, 502])
@pytest.mark.parametrize(("service", "operation", "params", "changes"), CALLS.values(), ids=CALLS)
def test_what_a_page_means_for_a_call(
    portal: Portal, status: int, service: str, operation: str, params: dict[str, str], changes: bool
) -> None:
    """A refusal did not let the request pass; after any other page nobody knows whether a change has taken effect."""
    portal.status = status
    client = Sessions(region="us-east-1", endpoint_url=portal.url).clients(service)
    expected = EffectNotSent if status == 403 else EffectUnknown if changes else EffectFailed
    with pytest.raises(expected, match=f"a web page came from {portal.url}"), aws_call(changes=changes):
        getattr(client, operation)(**params)


def test_a_page_that_is_stored_at_aws_is_read(portal: Portal) -> None:
    client = Sessions(region="us-east-1", endpoint_url=portal.url).clients("s3")
    with aws_call():
        assert client.get_object(Bucket="a-bucket", Key="index.html")["Body"].read() == PAGE
