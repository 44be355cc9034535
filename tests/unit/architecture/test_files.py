"""What no file may say, and what each pin must have."""

from __future__ import annotations

from tests.unit.architecture.source import FILES, ROOT

NOT_TO_BE_SAID = (
    # cut in two, so that this file does not say them itself
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "deb." + "debian.org",
    "--index" + "-url=",
    "--extra-index" + "-url",
    "--find" + "-links",
    "file:" + "///",
    "/wo" + "rk/",
    "/ro" + "ot/",
)


def test_no_file_names_an_index_or_this_machine() -> None:
    said = []
    for path in FILES:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        said += [f"{path}: {phrase}" for phrase in NOT_TO_BE_SAID if phrase in text]
    assert not said


def test_pins_have_hashes() -> None:
    for path in FILES:
        if path.startswith("requirements/") and path.endswith(".txt"):
            text = (ROOT / path).read_text(encoding="utf-8")
            pins = [block for block in text.split("\n") if block and block[0].isalpha()]
            assert pins, path
            assert all("==" in pin and pin.endswith("\\") for pin in pins), path
