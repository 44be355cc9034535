"""W6 with AWS: from process start to the connection of the first call. Floor: boto3 with one client and one call."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time

from measurement import PYTHON, ROOT, RUNBOOK, UNWANTED, Row, medians, print_rows

MORE = 0.25
LEAST = """
import sys, boto3
boto3.client("ssm", region_name="us-west-2", endpoint_url=sys.argv[1]).get_parameter(Name="x")
"""
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def first_call(command: list[str]) -> float:
    """Seconds until the process connects to a port that is opened for it; then it is killed."""
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED} | CREDENTIALS
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryFile("w+") as said:
        server.settimeout(20)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        began = time.perf_counter()
        whole = [part.replace("ADDRESS", address) for part in command]
        process = subprocess.Popen(whole, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            server.accept()[0].close()
            return time.perf_counter() - began
        except TimeoutError:
            said.seek(0)
            raise SystemExit(f"{' '.join(whole)} made no call:\n{said.read()}") from None
        finally:
            process.kill()
            process.wait()


def rows() -> list[Row]:
    inputs = ["-i", "snapshot=daily", "-i", "cluster=orders", "--yes", "--no-input"]
    with tempfile.TemporaryDirectory() as folder:
        run_stored = ["--store", f"sqlite:{folder}/a.db", "--endpoint-url", "ADDRESS"]
        least, ours = medians(
            lambda: first_call([PYTHON, "-c", LEAST, "ADDRESS"]),
            lambda: first_call([RUNBOOK, "run", "runbooks/restore.yaml", *inputs, *run_stored]),
        )
    return [
        Row(
            name="W6",
            work="the restore, process start to the first call to AWS",
            unit="ms",
            product=ours * 1e3,
            floor=least * 1e3,
            floor_is="boto3, a client, a call",
            target=f"≤ floor + {MORE * 1e3:.0f} ms",
            met=ours <= least + MORE,
        )
    ]


if __name__ == "__main__":
    print_rows(rows())
