"""Files and texts that somebody else put there: a message in a second, and no line that GitHub Actions obeys."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import FEW, Cli, Result, write_file

MESSY = "runbook: few\nsteps:\n  - wait:   0s\n    id: first\n"
BROKEN = "runbook: few\nsteps:\n  - {id: first, wiat: 0s}\n"
COMMAND_LINE = re.compile(r"(?:^|[\r\n])\s*::|##\[")
"""What GitHub's runner obeys."""


@pytest.fixture(autouse=True)
def _ends_in_a_moment() -> Iterator[None]:
    """A command that waits for a pipe fails the test; without this it would stop them all."""

    def stop(*_: object) -> None:
        pytest.fail("the command waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file outside of the checkout."""
    return Path(
        write_file(tmp_path_factory.mktemp("elsewhere") / "secret.yaml", "runbook: x\npassword-of-ana: hunter2\n")
    )


# -- what is no regular file ------------------------------------------------------------------------------------

HOSTILE = {
    "fifo": os.mkfifo,
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "kmsg": lambda path: path.symlink_to("/proc/kmsg"),
    "random": lambda path: path.symlink_to("/dev/random"),
    "circle": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "command",
    [
        ("validate", "HOSTILE"), ("validate", "--fix", "HOSTILE"), ("fmt", "HOSTILE"), ("fmt", "--check", "HOSTILE"),
        ("explain", "HOSTILE"), ("graph", "HOSTILE"), ("iam", "HOSTILE"), ("run", "HOSTILE"),
        ("run", "few.yaml", "--inputs", "HOSTILE"), ("run", "few.yaml", "--sandbox=HOSTILE"),
        ("run", "few.yaml", "--store", "sqlite:HOSTILE"), ("list", "--store", "sqlite:HOSTILE"),
        ("validate", "few.yaml", "--baseline", "HOSTILE"), ("trust", "HOSTILE"),
        ("validate", "few.yaml", "--write-baseline", "--baseline", "HOSTILE"), ("orphans", "HOSTILE"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_no_file_is_named(cli: Cli, few: str, tmp_path: Path, hostile: str, command: tuple[str, ...]) -> None:
    assert few
    path = tmp_path / "hostile.yaml"
    HOSTILE[hostile](path)
    result = cli(*(word.replace("HOSTILE", str(path)) for word in command))
    is_empty_store = command[0] == "list" and hostile == "kmsg"
    assert result.code in ((0,) if is_empty_store else (1, 2, 3, 4)), result.err
    assert "hostile.yaml" in result.out + result.err


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", ["few.test.yaml", "other.yaml", "runbook.toml"])
@pytest.mark.parametrize("command", [("validate", "."), ("fmt", "--check", "."), ("run", "few.yaml")], ids=" ".join)
def test_a_hostile_neighbour_does_not_matter(
    cli: Cli, few: str, tmp_path: Path, hostile: str, name: str, command: tuple[str, ...]
) -> None:
    assert few
    HOSTILE[hostile](tmp_path / name)
    assert cli(*command).code in (0, 1, 5)


@pytest.mark.parametrize("value", ["1e400", "-1e400", "nan", ".inf", "1e308", "9" * 5000])
@pytest.mark.parametrize("place", ["wait", "input", "inputs", "baseline", "with", "typed"])
def test_a_number_without_end_is_no_bug(cli: Cli, few: str, tmp_path: Path, value: str, place: str) -> None:
    runbook = f"runbook: few\ninputs: {{n: {{type: number, default: 1}}}}\nsteps:\n  - {{id: a, wait: 0s, if: '${{inputs.n > {value}}}'}}\n"
    file = write_file(tmp_path / "n.yaml", runbook if place == "typed" else FEW.replace("0s", value, place == "wait"))
    data = write_file(tmp_path / "data.json", f'{{"n": {value}, "format": {value}, "findings": {value}}}')
    command = {
        "wait": ("run", file), "typed": ("run", file), "input": ("run", file, "-i", f"n={value}"),
        "inputs": ("run", file, "--inputs", data), "baseline": ("validate", few, "--baseline", data),
        "with": ("run", file, f"--sandbox={data}"),
    }[place]  # fmt: skip
    assert cli(*command).code in (0, 1, 2, 3, 5)


def test_the_longest_wait_can_be_shown(cli: Cli, tmp_path: Path) -> None:
    """It ends after the year 9999."""
    text = "runbook: long\nsteps:\n  - {id: a, wait: 999999999d}\n  - {id: b, wait: 0s}\n"
    file = write_file(tmp_path / "long.yaml", text)
    assert cli("explain", file, "--time").code == 0
    from engine.cli.output.times import format_time
    from engine.kernel.rendering import iso

    assert iso(8.6e13) == "9999-12-31T23:59:59Z"
    assert format_time(8.6e13) == "9999-12-31 23:59:59Z"


# -- symbolic links ---------------------------------------------------------------------------------------------


def test_lines_outside_of_the_checkout_are_not_quoted(cli: Cli, tmp_path: Path, secret: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(secret)
    for command in (("validate", "link.yaml"), ("run", "link.yaml"), ("graph", "link.yaml"), ("validate", ".")):
        result = cli(*command)
        assert result.code in (1, 3)
        assert "link.yaml:" in result.out + result.err
        assert "hunter2" not in result.out + result.err


def test_a_linked_folder_leads_out_as_well(cli: Cli, tmp_path: Path, secret: Path) -> None:
    (tmp_path / "runbooks").symlink_to(secret.parent)
    result = cli("validate", "runbooks")
    assert result.code == 1
    assert "hunter2" not in result.out + result.err
    before = secret.read_text()
    assert cli("fmt", "runbooks").code == 0
    assert cli("validate", "--fix", "runbooks").code == 1
    assert secret.read_text() == before


def test_lines_inside_of_the_checkout_are_quoted(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared").mkdir()
    target = write_file(tmp_path / "shared" / "target.yaml", BROKEN)
    (tmp_path / "link.yaml").symlink_to(target)
    assert "wiat: 0s" in cli("validate", "link.yaml").out


@pytest.mark.parametrize("command", [("fmt",), ("fmt", "--check"), ("validate", "--fix")], ids=" ".join)
def test_links_are_left_alone(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "shared").mkdir()
    text = MESSY if command[0] == "fmt" else BROKEN.replace("wiat", "Wait")
    target = Path(write_file(tmp_path / "shared" / "target.txt", text))
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "link.yaml").symlink_to(target)
    found = cli(*command, "runbooks")
    assert found.code in (0, 1)
    assert "link.yaml is a symbolic link, and was not" in found.err
    named = cli(*command, "runbooks/link.yaml")
    assert (named.code, "name the file that it leads to" in named.err) == (2, True)
    assert target.read_text() == text
    assert (tmp_path / "runbooks" / "link.yaml").is_symlink()


# -- workflow commands ------------------------------------------------------------------------------------------

NAMES = [
    "::stop-commands::tok",
    "##[add-matcher]x",
    " ::error::x",
    "a\n::error::x",
    "a\r::error::x",
    "\u200b::error::x",
]


def assert_no_command(result: Result, *, but: str = "") -> None:
    """`but`: the beginning of the lines that the tool itself means as commands."""
    for text in (result.out, result.err):
        lines = [line for line in re.split(r"[\r\n]", text) if not (but and line.startswith(but))]
        assert not COMMAND_LINE.search("\n".join(lines)), text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "command",
    [("fmt", "--check", "."), ("fmt", "."), ("validate", "--fix", "."), ("validate", "."), ("run", "FILE"),
     ("graph", "FILE"), ("explain", "FILE"), ("iam", "FILE"), ("explain", "NAME"), ("status", "NAME"), ("NAME",),
     ("run", "FILE", "-i", "NAME"), ("validate", "FILE", "-o", "json"), ("validate", "FILE", "-o", "junit"),
     ("validate", "FILE", "-o", "sarif"), ("list", "--store", "NAME")],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("actions", ["", "true"])
def test_a_path_is_no_workflow_command(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: tuple[str, ...], actions: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", actions)
    folder = tmp_path / name.replace("/", "")
    folder.mkdir()
    key = "wiat" if "FILE" in command else "Wait"
    file = write_file(folder / "e.yaml", f"runbook: few\nsteps:\n  - {key}:   0s\n    id: first\n")
    relative = os.path.relpath(file)
    result = cli(*(word.replace("FILE", relative).replace("NAME", name) for word in command))
    annotates = actions and command[0] == "validate" and command[-1] == "."
    assert_no_command(result, but="::error file=" if annotates else "")


@pytest.mark.parametrize(
    "text",
    [
        'runbook: "::error::x"\nsteps:\n  - {id: a, wait: 0s}\n',
        'runbook: few\n"::error::x": 1\nsteps: []\n',
        'runbook: few\nsteps:\n  - {id: a, hold: "say\\n::stop-commands::x"}\n',
        'runbook: few\nsteps:\n  - {id: a, fail: "##[error]x"}\n',
        'runbook: few\ndescription: "::error::x"\nsteps:\n  - id: a\n    description: |\n      ::error::x\n    wait: 0s\n',
    ],
)
@pytest.mark.parametrize(
    "command",
    [("validate",), ("run",), ("run", "-o", "json"), ("explain",), ("graph",), ("graph", "-o", "dot"), ("fmt", "--check"),
     ("iam",), ("validate", "-o", "json"), ("validate", "-o", "junit"), ("validate", "-o", "sarif")],
    ids=" ".join,
)  # fmt: skip
def test_a_text_is_no_workflow_command(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = cli(command[0], write_file(tmp_path / "e.yaml", text), *command[1:])
    assert_no_command(result, but="::error file=" if command == ("validate",) else "")


def test_a_formatted_text_with_a_command_is_not_printed_to_the_log(process: Cli) -> None:
    text = b"runbook: few\nsteps:\n  - id: a\n    hold: |\n      ::error::x\n"
    assert process("fmt", "-", stdin=text).out.encode().endswith(b"::error::x\n")
    result = process("fmt", "-", stdin=text, GITHUB_ACTIONS="true")
    assert (result.code, result.out) == (2, "")


# -- JSON and SARIF ---------------------------------------------------------------------------------------------

INVISIBLE = "\x7f\x85\x9b\u202e\u2066\u200b\ufeff"


def test_json_escapes_what_cannot_be_seen(cli: Cli, tmp_path: Path) -> None:
    written = "".join(f"\\u{ord(letter):04x}" for letter in INVISIBLE)
    file = write_file(tmp_path / "e.yaml", f'runbook: few\nsteps:\n  - {{id: a, hold: "x{written}"}}\n')
    store = ("--store", f"sqlite:{tmp_path / 'o.db'}")
    results = [
        cli("run", file, *store, "--operation-id", "op", "-o", "json"),
        cli("history", "op", *store, "-o", "json"),
    ]
    results.append(cli("status", f"x{INVISIBLE}", *store, "-o", "json"))
    for result in results:
        assert not set(result.out) & set(INVISIBLE)
        assert "\\u" in result.out
    assert "\u202e" in results[0].document["hold"]["reason"]


def test_sarif_has_no_links_of_a_runbook(cli: Cli, tmp_path: Path) -> None:
    key = "[click](https://evil.example)"
    file = write_file(tmp_path / "e.yaml", f'runbook: few\n"{key}": 1\nsteps:\n  - {{id: a, wait: 0s}}\n')
    document = cli("validate", file, "-o", "sarif").document
    texts = [one["message"]["text"] for one in document["runs"][0]["results"]]
    assert any("\\[click\\]" in text for text in texts)
    assert not any("](" in text.replace("\\](", "") or "https://" in text for text in texts)


# -- who else may look ------------------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("sandbox", [(), ("--sandbox",)])
def test_the_state_folder_is_private(cli: Cli, few: str, tmp_path: Path, sandbox: tuple[str, ...]) -> None:
    before = os.umask(0o022)
    try:
        assert cli("run", few, *sandbox, "--operation-id", "op").code == 5
    finally:
        os.umask(before)
    state = tmp_path / "state" / "runbook"
    folders = [state, *(one for one in state.rglob("*") if one.is_dir())]
    assert {mode(folder) for folder in folders} == {0o700}
    assert {mode(one) & 0o077 for one in state.rglob("*") if one.is_file()} == {0}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_database_of_another_user_is_not_opened(cli: Cli, few: str, tmp_path: Path) -> None:
    store = ("--store", f"sqlite:{tmp_path / 'o.db'}")
    assert cli("run", few, *store, "--operation-id", "op").code == 5
    os.chown(tmp_path / "o.db", 65534, 65534)
    for command in (("list",), ("status", "op"), ("resume", "op")):
        result = cli(*command, *store)
        assert (result.code, "belongs to another user" in result.err) == (4, True), result.err


def test_actions_of_workflows_are_pinned(root: Path) -> None:
    files = [*(root / ".github").rglob("*.y*ml"), *root.glob("action.y*ml"), root / "README.md"]
    used = [line.strip() for file in files for line in file.read_text().splitlines() if "uses:" in line]
    assert len(used) >= 3
    for line in used:
        assert re.search(r"uses: (\./\S+|[\w.-]+/[\w./-]+@[0-9a-f]{40} +# v\d+(\.\d+)*)$", line), line


def test_readable_json_is_json(cli: Cli, few: str) -> None:
    assert json.loads(cli("explain", few, "-o", "json").out)
