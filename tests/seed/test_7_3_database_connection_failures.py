"""The guide's 7.3: verify network connectivity, security group rules, credentials; test connection from Lambda.

"From Lambda" means from where the runner runs: `net.endpoint` and `postgres.run` connect from there.
"""

from __future__ import annotations

from tests.seed.operator import RESTORED, Operator

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


def test_a_missing_answer_is_recorded_and_the_retries_continue(operator: Operator) -> None:
    operator.script = {"setup-db-users": ["ConnectionTimeout"], "net.Reach": ["ConnectionTimeout"]}
    assert operator.run("op-005").code == 0
    looked = [one for one in operator.history("op-005") if one["step"] == "setup-db-users > check net.endpoint"]
    assert [one["text"] for one in looked if one["event"] == "looked"] == ["seen: unanswered"]
    (problem,) = [one["fields"]["seen"]["attributes"]["problem"] for one in looked if one["event"] == "looked"]
    assert "no answer" in problem
    assert operator.retry_delays("op-005", "setup-db-users") == [1]


def test_wrong_credentials_are_not_retried(each_operator: Operator) -> None:
    """It holds at once. The secret is read at each call, so a corrected one is used at `resume`."""
    each_operator.use_guide_times()
    each_operator.script = {"setup-db-users": ["AuthenticationFailed"]}
    assert each_operator.run("op-005").code == 5
    status = each_operator.status("op-005")
    assert (status["step"], status["status"], status["error"]) == ("setup-db-users", "HELD", "AuthenticationFailed")
    assert (status["retry_count"], status["timestamp"]) == (0, "2024-03-20T00:46:00Z")
    assert "not-a-real-one" not in each_operator.cli("history", "op-005", *each_operator.options, "-o", "json").out
    assert each_operator.run_command("resume", "op-005").code == 0
    assert each_operator.resources("op-005") == RESTORED


def test_a_step_tests_the_connection(operator: Operator) -> None:
    operator.edits = [CONNECTION]
    operator.world["sql"] = {"SELECT 1 AS up": {"up": 1}}
    operator.script = {"connection": ["StartingUp x2"]}
    assert operator.run("op-005").code == 0
    assert operator.retry_delays("op-005", "connection") == [1, 2]
    (result,) = [
        one for one in operator.history("op-005") if one["step"] == "connection" and one["event"] == "succeeded"
    ]
    assert result["fields"]["output"]["row"] == {"up": 1}
