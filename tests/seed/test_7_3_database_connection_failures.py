"""The guide's 7.3: verify network connectivity, security group rules, credentials; test connection from Lambda.

"From Lambda" is from wherever the runner runs: `net.endpoint` and `postgres.run` ask from there.
"""

from __future__ import annotations

from tests.seed.operator import THERE, Desk

MASTER = "secret:aurora-restore/master-credentials"
CONNECTION = (
    "  - id: setup-db-users\n",
    """\
  - id: connection
    call: postgres.run
    with:
      host: ${restore_snapshot.endpoint}
      port: ${restore_snapshot.port}
      admin: ${settings.admin}
      query: SELECT 1 AS up
    repeatable: true
    retry: fast

  - id: setup-db-users
""",
)


def test_no_answer_is_recorded_and_the_retries_go_on(desk: Desk) -> None:
    desk.script = {"setup-db-users": ["ConnectionTimeout"], "net.Reach": ["ConnectionTimeout"]}
    assert desk.run("op-005").code == 0
    looked = [one for one in desk.history("op-005") if one["step"] == "setup-db-users > check net.endpoint"]
    assert [one["text"] for one in looked if one["event"] == "looked"] == ["seen: unanswered"]
    (problem,) = [one["fields"]["seen"]["attributes"]["problem"] for one in looked if one["event"] == "looked"]
    assert "no answer" in problem
    assert desk.waited("op-005", "setup-db-users") == [1]


def test_credentials_that_are_wrong_do_not_pass_by_themselves(either: Desk) -> None:
    """No retry: it holds at once. The secret is read at each call, so a mended one counts at `resume`."""
    either.at_the_guide_s_times()
    either.script = {"setup-db-users": ["AuthenticationFailed"]}
    assert either.run("op-005").code == 5
    status = either.status("op-005")
    assert (status["step"], status["status"], status["error"]) == ("setup-db-users", "HELD", "AuthenticationFailed")
    assert (status["retry_count"], status["timestamp"]) == (0, "2024-03-20T00:46:00Z")
    assert "not-a-real-one" not in either.ask("history", "op-005", *either.options, "-o", "json").out
    assert either.type("resume", "op-005").code == 0
    assert either.there("op-005") == THERE


def test_the_connection_is_tested_by_a_step_of_its_own(desk: Desk) -> None:
    desk.edits = [CONNECTION]
    desk.world["sql"] = {"SELECT 1 AS up": {"up": 1}}
    desk.script = {"connection": ["StartingUp x2"]}
    assert desk.run("op-005").code == 0
    assert desk.waited("op-005", "connection") == [1, 2]
    (told,) = [one for one in desk.history("op-005") if one["step"] == "connection" and one["event"] == "succeeded"]
    assert told["fields"]["output"]["row"] == {"up": 1}
