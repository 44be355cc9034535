"""The work that expressions and patterns may take is bounded, in every command that evaluates them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ExpressionError
from engine.kernel.operation import Operation
from engine.kernel.rendering import Names
from engine.language.expressions.budget import MOST_WORK, TooMuchWork
from engine.language.expressions.evaluation import evaluate, render
from engine.language.model import Runbook
from tests.cli.commands import Cli, Store, write_file
from tests.found.cases import HEAD, INPUTS, validated

TOO_MUCH = ["expr_lists.yaml", "expr_quad.yaml"]


@pytest.mark.parametrize("file", TOO_MUCH)
def test_iam_refuses_expressions_that_take_too_much_work(cli: Cli, file: str) -> None:
    result = cli("iam", str(INPUTS / file))
    assert result.code == 3
    assert "the expressions take too much work" in result.err


@pytest.mark.parametrize("file", TOO_MUCH)
def test_run_fails_the_step_with_such_an_expression(cli: Cli, store: Store, file: str) -> None:
    result = cli("run", str(INPUTS / file), "--sandbox", *store, "--no-input", "-o", "json")
    assert (result.code, result.document["error"]) == (1, "ExpressionError")
    assert "the expressions take too much work" in result.document["error_message"]


def test_vars_that_multiply_are_evaluated_once(cli: Cli) -> None:
    assert cli("iam", str(INPUTS / "expr_laughs_105.yaml")).code == 0


WORK = {
    "copies of a list": ("v", ["x"] * 200_000),
    "a list as text": ("v | string", ["x"] * 20_000),
    "sorted items": ("v | sort | length", ["b", "a"] * 100_000),
    "sorted long texts": ("v | sort | length", ["a" * 5_000] * 2_000),
    "long text in upper case": ("v | upper", "x" * 250_000),
    "text that is joined": ("v ~ v", "x" * 120_000),
    "items that are looked for": ("v | selectattr('a', 'in', v) | length", [{"a": 1}] * 2_000),
    "values that are compared": ("v == w", ["x"] * 100_000),
}


@pytest.mark.parametrize(("expression", "value"), WORK.values(), ids=WORK)
def test_all_expressions_with_the_same_names_share_a_budget(expression: str, value: object) -> None:
    """One evaluation is allowed; a thousand in one value are not."""
    names = Names(
        Runbook(name="a", steps=()),
        Operation(id="a", runbook="a", digest="", started=0.0, inputs={"v": value, "w": value}),
    )
    evaluate(expression, names)
    with pytest.raises(TooMuchWork):
        render([f"${{{expression}}}"] * 1_000, names)


def test_other_names_have_a_budget_of_their_own() -> None:
    big = {"v": ["x"] * 200_000}
    for _ in range(MOST_WORK // 200_000 + 1):
        assert evaluate("v | length", big) == 200_000
        assert len(evaluate("v", big)) == 200_000


def test_one_result_has_a_bound_of_its_own() -> None:
    with pytest.raises(ExpressionError, match="too large"):
        evaluate("[v, v]", {"v": ["x"] * 200_000})


@pytest.mark.parametrize(
    "pattern",
    ["(a?){30}" * 5_000, "((((a?){30}){30}){30}){30}", "(((a?){30}b){30}c)" * 60],
    ids=["long", "nested", "both"],
)
def test_a_large_pattern_is_refused(cli: Cli, tmp_path: Path, pattern: str) -> None:
    inputs = "".join(f"  a{n}: {{pattern: '{pattern}', default: {'a' * 30}}}\n" for n in range(20))
    text = f"{HEAD}inputs:\n{inputs}steps:\n  - {{id: x, wait: 1s}}\n"
    assert ("RB216", 4) in validated(cli, tmp_path, text)
    assert cli("run", write_file(tmp_path / "b.yaml", text), "--sandbox").code == 3
