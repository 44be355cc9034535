"""Texts of up to 1 MB made to take much time or memory, and what each takes, measured in a process of its own.

`python -m tests.validate.hostile` measures all of them in turn, under the limits, and prints a line of JSON for
each. A process that exceeds a limit is killed, and the last line is missing.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import yaml

from actions import build_registry
from actions.aws.service_models import service_model
from engine.checks import validate
from engine.checks.formats import format_findings

MEMORY: Final = 300 * 1024 * 1024
"""Bytes: limits of a process for its data, and for everything."""
PROCESSOR: Final = 600
"""Seconds after which the process is killed."""

STEP: Final = '  - {{id: s{0}, check: rds.cluster, with: {{name: "${{{1}}}"}}, requires: [{2}]}}\n'
PAUSE: Final = "steps: [{id: pause, wait: 1s}]\n"
LETTERS: Final = "\\pL" * 650
WORDS: Final = ",".join(f"v{n}" for n in range(90_000))


def steps(each: Callable[[int], str], many: int) -> str:
    return "runbook: a\nregion: us-west-2\nsteps:\n" + "".join(each(n) for n in range(many))


def head(text: str) -> str:
    return f"runbook: a\nregion: us-west-2\n{text}\n{PAUSE}"


def one(rest: str) -> str:
    return f"runbook: a\nregion: us-west-2\nsteps:\n  - {{id: a, {rest}}}\n"


LOOKED: Final = "check: aws.rds.describe_db_clusters, status: seen.DBClusters, monitor: {every: 1m, for: 1h}"
HOSTILE: Final[dict[str, Callable[[], str]]] = {
    "names that nothing has": lambda: steps(lambda n: STEP.format(n, f"x{n}", f"y{n}"), 6_000),
    "steps, each using the one before": lambda: steps(
        lambda n: STEP.format(n, f"s{n - 1}.arn" if n else "operation.id", f"s{n - 1}" if n else "s0"), 6_000
    ),
    "keys that are none": lambda: one("wait: 1s, " + ", ".join(f"k{n}: 1" for n in range(20_000))),
    "parameters": lambda: one("check: rds.cluster, with: {" + ", ".join(f"k{n}: 1" for n in range(20_000)) + "}"),
    "rows": lambda: one("check: rds.cluster, states: {" + ", ".join(f"=k{n}: hold" for n in range(20_000)) + "}"),
    "rescues": lambda: one(
        "call: sns.publish, rescue: [" + ", ".join(f"{{error: k{n}, then: hold}}" for n in range(15_000)) + "]"
    ),
    "errors": lambda: one(f"call: sns.publish, rescue: [{{error: [{WORDS}], then: hold}}]"),
    "removals": lambda: steps(
        lambda n: f"  - {{id: a{n}, remove: rds.instance, with: {{name: a}}, states: {{available: delete}}}}\n", 5_000
    ),
    "things that are made and taken away": lambda: steps(
        lambda n: f"  - {{id: a{n}, ensure: rds.instance, with: {{name: a{n}}}}}\n"
        f"  - {{id: b{n}, remove: rds.instance, with: {{name: a{n}}}, requires: [a{n}]}}\n", 3_000
    ),
    "texts of expressions": lambda: one("hold: '" + "${a.b} " * 20_000 + "'"),
    "expressions without end": lambda: one("hold: '" + "${b}" * 200_000 + "'"),
    "a wide expression": lambda: one("hold: '${" + " or ".join(f"a{n}" for n in range(600)) + "}'"),
    "deep brackets": lambda: one("hold: '${" + "(" * 2_000 + "}'"),
    "a list in an expression": lambda: one("hold: '${[" + "1," * 400_000 + "1]}'"),
    "a long word": lambda: one("check: " + "r" * 500_000),
    "a long key": lambda: head("tags: {" + "a" * 900_000 + ": b}"),
    "a long value": lambda: one("check: rds.cluster, with: {name: " + "a-" * 200_000 + "}"),
    "a long pattern": lambda: head("inputs: {a: {pattern: '(" + "a|" * 200_000 + "b)*'}}"),
    "patterns": lambda: head(
        "inputs:\n" + "".join(f"  a{n}: {{pattern: '(a*)*b', default: {'a' * 200}}}\n" for n in range(4_000))
    ),
    "patterns that are large": lambda: head(
        "inputs:\n" + "".join(f"  a{n}: {{pattern: '(\\pL|b)*a(\\pL|b){{{n % 20 + 10}}}{n}'}}\n" for n in range(15_000))
    ),
    "patterns that are too large": lambda: head(
        "inputs:\n" + "".join(f"  a{n}: {{pattern: '(\\pL\\pL){{499}}{n}'}}\n" for n in range(15_000))
    ),
    "patterns as long as they may be": lambda: head(
        "inputs:\n" + "".join(f"  a{n}: {{pattern: '{LETTERS}{n}'}}\n" for n in range(500))
    ),
    "long values of patterns": lambda: head(
        "inputs:\n" + "".join(f"  a{n}: {{pattern: '(.|b)*a.{{{n + 100}}}', default: {'ab' * 32_000}}}\n" for n in range(14))
    ),
    "numbers": lambda: head("vars: {a: [" + "1," * 480_000 + "1]}"),
    "as many numbers as there may be": lambda: head("vars: {a: [" + "1," * 99_900 + "1]}"),
    "as many values of a parameter": lambda: one(
        "check: ec2.network, with: {subnet_group: a, security_groups: [" + "1," * 99_900 + "1]}"
    ),
    "right ones": lambda: one(f"check: ec2.network, with: {{subnet_group: a, security_groups: [{WORDS}]}}"),
    "values in an enumeration": lambda: head(f"inputs: {{a: {{enum: [{WORDS}]}}}}"),
    "words of a class": lambda: one(f"{LOOKED}, classes: {{pending: [{WORDS}]}}"),
    "maps": lambda: head("vars: {a: [" + "{a: 1}," * 24_000 + "1]}"),
    "lists in lists": lambda: head("vars: {a: [" + ("[" * 60 + "1" + "]" * 60 + ",") * 800 + "1]}"),
    "settings": lambda: head("settings:\n" + "".join(f"  s{n}: ssm:/a\n" for n in range(45_000))),
    "vars": lambda: head("vars:\n" + "".join(f"  s{n}: '${{s{n - 1}}}'\n" for n in range(40_000))),
    "vars, of which one is a setting": lambda: (
        "runbook: a\nsettings: {a: ssm:/a}\nvars:\n  s0: ${settings.a}\n"
        + "".join(f"  s{n}: '${{s{n - 1}}}'\n" for n in range(1, 36_000))
        + "region: us-west-2\nsteps:\n  - {id: a, wait: 1s}\n"
        "  - {id: b, call: sns.publish, with: {topic: a, text: b}, irreversible: true}\n"
        "  - {id: c, ensure: rds.cluster, with: {name: a, from_snapshot: b, subnet_group: '${s35999}'}, undo: keep}\n"
    ),
    "conditions of many steps": lambda: steps(
        lambda n: f"  - {{id: a{n}, if: '{' and '.join(f'a{k}' for k in range(max(0, n - 30), n)) or 'a'}', wait: 1s}}\n", 2_500
    ),
    "an enumeration in many vars": lambda: head(
        f"inputs: {{e: {{enum: [{WORDS[:200_000]}]}}}}\nvars:\n"
        + "".join(f"  w{n}: ${{e if w{n - 1} else e}}\n" for n in range(10_000))
    ),
    "comparisons with an enumeration": lambda: (
        f"runbook: a\ninputs: {{e: {{enum: [{WORDS[:140_000]}]}}}}\nsteps:\n"
        + "".join(f"  - {{id: a{n}, if: \"e == 'w{n}'\", wait: 1s}}\n" for n in range(3_400))
    ),
    "maps that grow": lambda: head(
        "vars:\n  v0: {a: b}\n" + "".join(f"  v{n}: \"${{v{n - 1} if v0 else {{'a{n}': v{n - 1}}}}}\"\n" for n in range(1, 12_000))
    ),
    "maps in maps": lambda: head(
        "vars:\n  v0: {a: b}\n" + "".join(f"  v{n}: \"${{v{n - 1} if v0 else {{'a': v{n - 1}}}}}\"\n" for n in range(1, 12_000))
    ),
    "names that double": lambda: (
        "runbook: a\nregion: us-west-2\nvars:\n  v0: a\n"
        + "".join(f"  v{n}: 'x${{v{n - 1}}}${{v{n - 1}}}'\n" for n in range(1, 40))
        + "steps:\n  - {id: a0, check: rds.cluster, with: {name: '${v39}'}}\n"
        + "".join(f"  - {{id: a{n}, check: rds.cluster, with: {{name: '${{a{n - 1}.name}}${{a{n - 1}.name}}'}}}}\n" for n in range(1, 200))
    ),
    "words of an API": lambda: steps(
        lambda n: f"  - {{id: a{n}, call: aws.ec2.run_instances, repeatable: true, "
        f"with: {{InstanceType: t3.nanoo{n}, MinCount: 1, MaxCount: 1}}}}\n", 5_000
    ),
    "rows of words": lambda: one(
        f"{LOOKED}, classes: {{pending: [{WORDS[:250_000]}]}}, states: {{"
        + ", ".join(f"=v{n}y: hold" for n in range(24_000)) + "}"
    ),
    "regions": lambda: steps(lambda n: f"  - {{id: a{n}, wait: 1s, region: us-wst-{n}}}\n", 10_000),
    "outputs": lambda: head("outputs:\n" + "".join(f"  s{n}: '${{x{n}}}'\n" for n in range(40_000))),
    "numbers that are accounts": lambda: head("vars:\n" + "".join(f"  id{n}: 123456789012\n" for n in range(40_000))),
    "keys that are there twice": lambda: head("vars:\n" + "  a: b\n" * 130_000),
    "texts that are cut off": lambda: head("vars:\n" + "".join(f"  a{n}: ${{b #c}}\n" for n in range(40_000))),
    "expressions in braces": lambda: head("vars: {" + ", ".join(f"b{n}: ${{c}}" for n in range(60_000)) + "}"),
    "comments": lambda: head("".join(f"# runbook: ignore RB601 because {n}\n" for n in range(22_000))),
    "empty lines": lambda: head("\n" * 950_000),
    "lines of a text": lambda: head("description: >\n" + "  a\n" * 230_000),
    "escapes": lambda: head('description: "' + "\\u00e9" * 150_000 + '"'),
    "APIs": lambda: steps(lambda n: f"  - {{id: a{n}, call: aws.{API[n % len(API)]}, repeatable: true}}\n", 12_000),
    "forms": lambda: one(
        "call: aws.iam.create_role, repeatable: false, with: {Tags: ["
        + ",".join(f"{{Key: a, Value: {'ab-' * 30}{n}}}" for n in range(7_000)) + "]}"
    ),
    "forms in which all is possible": lambda: one(
        "call: aws.bedrock.create_model_invocation_job, repeatable: false, with: {modelId: " + "a" * 2_000
        + ", clientRequestToken: " + "a" * 256 + ", tags: ["
        + ",".join(f"{{key: {'a' * 60}{n}, value: {'b-' * 20}{n}}}" for n in range(7_000)) + "]}"
    ),
    "forms that are slow": lambda: steps(
        lambda n: f"  - {{id: a{n}, call: aws.bedrock.create_model_invocation_job, repeatable: false, "
        f"with: {{clientRequestToken: {''.join(chr(97 + (n * i * i) % 26) for i in range(1, 250))}{n}}}}}\n", 2_500
    ),
    "the largest APIs": lambda: steps(
        lambda n: f"  - {{id: a{n}, check: aws.{LARGEST[n]}, status: seen.A, monitor: {{every: 1m, for: 1h}}}}\n", 64
    ),
}  # fmt: skip

MODELS: Final = (
    "ec2 sagemaker quicksight connect iot securityhub glue rds chime-sdk-voice datazone ssm lightsail wafv2 redshift "
    "bedrock-agent deadline apigateway personalize networkmanager lexv2-models pinpoint iotsitewise mediaconvert opensearch "
    "backup codebuild config kafka lakeformation macie2 organizations proton route53 s3 ses workspaces"
).split()
"""Services with large models."""
API: Final = [f"{name}.list_{n}" for n in range(400) for name in MODELS]
"""More than a runbook may name; none of them exists."""
LARGEST: Final = [f"{name}.describe_{n}" for n in range(2) for name in MODELS]


def _largest() -> None:
    """Replace the invented names by the operation with the largest model of each of those services."""
    found = []
    for name in MODELS:
        model = service_model(name)
        reads = [one for one in (model.operations.values() if model is not None else ()) if one.name.startswith(READS)]
        found += [f"{name}.{one.name}" for one in sorted(reads, key=lambda one: -len(str(one.outputs)))[:2]]
    LARGEST[: len(found)] = found
    service_model.cache_clear()


READS: Final = ("describe_", "get_", "list_")


TWO_SECONDS: Final = 2.0
TOLERANCE: Final = 2.0
"""Times the limit before the test fails: other processes share caches and cores, so processor time varies too."""
LOADER: Final = 0.06
"""Processor seconds in which YAML's C loader reads 1,500 steps on the machine for which the limit was chosen."""


def limit() -> float:
    """Two seconds, or more on a slower machine, times the tolerance. Takes the best of several measurements."""
    text = "steps:\n" + "".join(STEP.format(n, "a.b", "c") for n in range(1_500))
    best = min(processor(lambda: yaml.load(text, Loader=yaml.CSafeLoader)) for _ in range(7))
    return TOLERANCE * TWO_SECONDS * max(1.0, best / LOADER)


def processor(work: Callable[[], object]) -> float:
    """The processor seconds that it takes, without collecting the garbage of what ran before."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def checked(text: str) -> None:
    """Validate and render the findings, as `runbook validate` does."""
    found = validate(text, build_registry(), "hostile.yaml")[1]
    format_findings("text", found, {"hostile.yaml": text})


def measured(text: str, most: float) -> tuple[float, int]:
    """CPU seconds for the check, and the peak memory of this process in bytes.

    A text that exceeds the limit is measured again: other load makes a CPU slower, never faster.
    """
    took = processor(lambda: checked(text))
    if took >= most:
        took = min(took, processor(lambda: checked(text)))
    return took, most_memory()


def most_memory() -> int:
    """The peak memory of this process in bytes; `ru_maxrss` would include the process that it was forked from."""
    with Path("/proc/self/status").open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def main() -> None:
    _largest()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    most = limit()
    for name, made in HOSTILE.items():
        text = made()
        assert len(text) <= 1_000_000, (name, len(text))
        took, memory = measured(text, most)
        sys.stdout.write(json.dumps({"name": name, "took": took, "limit": most, "memory": memory}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
