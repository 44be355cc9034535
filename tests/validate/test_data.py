"""RB3xx: names, attributes, types and secrets."""

from __future__ import annotations

import pytest

from tests.validate.cases import findings, holds, marked, whole

LOOK = """
- id: look
  check: rds.cluster
  with: {name: "${cluster}"}
"""

NAMES = {
    "an input, a var, a setting, an account": '- {id: x, hold: "${cluster} ${copy} ${settings.topic} ${accounts.source.id}"}',
    "the operation": '- {id: x, hold: "${operation.id} ${operation.short_id} ${operation.elapsed} ${operation.step}"}',
    "nothing": '- {id: x, hold: "${«RB301 clutser»}"}',
    "twice in one text": '- {id: x, hold: "${«RB301 one»} and ${«RB301 two»}"}',
    "in a plain scalar": "- id: x\n  hold: at ${ «RB301 clutser» }",
    "in single quotes": "- {id: x, hold: 'it''s ${«RB301 clutser»}'}",
    "in double quotes with an escape": '- {id: x, hold: "\\"${«RB301 clutser»}\\""}',
    "in a folded scalar": "- id: x\n  hold: >\n    the first line\n    and ${«RB301 clutser»} in the second\n",
    "in a literal scalar": "- id: x\n  hold: |\n    the first line\n    and ${«RB301 clutser»}\n",
    "in a condition": "- {id: x, if: «RB301 clutser» == 'a', wait: 1s}",
    "in a condition with its braces": '- {id: x, if: "${ «RB301 clutser» }", wait: 1s}',
    "deep in an expression": "- {id: x, hold: \"${cluster if [1, {'a': «RB301 b»}] else none}\"}",
    "in a filter's argument": "- {id: x, hold: \"${cluster | replace('a', «RB301 b»)}\"}",
    "a result before": LOOK + '- {id: x, hold: "${look.arn}"}',
    "a result later": '- {id: x, hold: "${«RB302 look».arn}"}' + LOOK,
    "its own result": '- id: x\n  check: rds.cluster\n  with: {name: "${«RB302 x».name}"}',
    "its own result in `undo`": """
        - id: x
          call: aws.rds.modify_db_cluster
          repeatable: true
          undo: {call: aws.rds.start_db_cluster, with: {a: "${«RB302 x».b}"}, repeatable: true}
        """,
    "a result where a skipped step has none": '- {id: x, if: dry, wait: 1s}\n- {id: y, hold: "${x}"}',
    "seen where nothing looks": '- {id: x, hold: "${«RB309 seen».arn}"}',
    "seen in `with`": '- id: x\n  check: rds.cluster\n  with: {name: "${«RB309 seen».name}"}',
    "seen in `is`": LOOK + "  is: seen.settled",
    "seen in a row": LOOK + '  states: {broken: {hold: "${seen.status} of ${seen.name}"}}',
    "each where there is none": '- {id: x, hold: "${«RB309 each»}"}',
    "each in its own list": '- {id: x, for_each: "${«RB309 each»}", hold: "${each}"}',
    "error outside a rescue": '- {id: x, hold: "${«RB309 error».name}"}',
    "attempt": '- {id: x, hold: "${«RB309 attempt»}"}',
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
def test_names(case: str) -> None:
    holds(case)


ATTRIBUTES = {
    "of a kind": LOOK + '- {id: x, hold: "${look.«RB303 endpont»}"}',
    "with an index": LOOK + "- {id: x, hold: \"${look[«RB303 'endpont'»]}\"}",
    "its id and status": LOOK + '- {id: x, hold: "${look.id} ${look.status}"}',
    "of a list": LOOK + '- {id: x, hold: "${look.instances.«RB303 name»}"}',
    "of an item": LOOK + '- {id: x, hold: "${look.instances[0].«RB303 nmae»}"}',
    "of an item that there is": LOOK + '- {id: x, hold: "${look.instances[0].name}"}',
    "of the first item": LOOK + '- {id: x, hold: "${(look.instances | first).«RB303 nmae»}"}',
    "in `map`": LOOK + "- {id: x, hold: \"${look.instances | map(attribute=«RB303 'nmae'») | join(', ')}\"}",
    "in `selectattr`": LOOK + "- {id: x, hold: \"${look.instances | selectattr(«RB303 'writr'») | first}\"}",
    "of an open map": LOOK + '- {id: x, hold: "${look.tags.anything}"}',
    "of text": '- {id: x, hold: "${cluster.«RB303 name»}"}',
    "of a number": '- {id: x, hold: "${port.«RB303 name»}"}',
    "of the settings": '- {id: x, hold: "${settings.«RB303 topik»}"}',
    "of the accounts": '- {id: x, hold: "${accounts.«RB303 sorce».id}"}',
    "of an account": '- {id: x, hold: "${accounts.source.«RB303 name»}"}',
    "of the operation": '- {id: x, hold: "${operation.«RB303 idd»}"}',
    "of an action": """
        - id: set-up
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: "${users}"}
        - {id: x, hold: "${set_up.created} ${set_up.«RB303 deleted»}"}
        """,
    "of seen": LOOK + '  states: {broken: {hold: "${seen.«RB303 problem»}"}}',
    "of seen where nothing is": LOOK + '  states: {missing: {fail: "no ${seen.«RB303 name»}: ${seen.status}"}}',
    "of the error": """
        - id: set-up
          call: postgres.run
          with: {host: a, admin: "${settings.admin}"}
          repeatable: false
          rescue:
            - error: ConnectionTimeout
              do: [{hold: "${error.name} ${error.«RB303 code»}"}]
              then: hold
        """,
    "changed without refresh": """
        - id: go
          call: postgres.run
          with: {host: a, admin: "${settings.admin}"}
          repeatable: true
          retry: [1m]
          rescue:
            - {error: ConnectionTimeout, then: {retry_if: settings.«RB303 changed», else: hold}}
        """,
    "changed after refresh": """
        - id: go
          call: postgres.run
          with: {host: a, admin: "${settings.admin}"}
          repeatable: true
          retry: [1m]
          rescue:
            - {error: ConnectionTimeout, refresh: settings, then: {retry_if: settings.changed, else: hold}}
        """,
    "of a secret": "- {id: x, if: settings.admin.«RB303 username», wait: 1s}",
    "with `default` it is still wrong": LOOK + "- {id: x, hold: \"${look.«RB303 endpont» | default('none')}\"}",
}


@pytest.mark.parametrize("case", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes(case: str) -> None:
    holds(case)


UNREADABLE = {
    "a hyphen": LOOK.replace("id: look", "id: look-at") + '- {id: x, hold: "${«RB304 look-at».arn}"}',
    "a hyphen in a setting": '- {id: x, hold: "${settings.«RB304 app-password»}"}',
    "a power": "- {id: x, if: port «RB308 **» 1 > 2, wait: 1s}",
    "a call": "- {id: x, if: cluster.upper«RB308 (»), wait: 1s}",
    "a filter": '- {id: x, hold: "${cluster | «RB308 uper»}"}',
    "a test": "- {id: x, if: cluster «RB308 is» defined, wait: 1s}",
    "an underscore": '- {id: x, hold: "${cluster.«RB308 __class__»}"}',
    "two expressions": "- {id: x, if: cluster «RB308 snapshot», wait: 1s}",
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE)
def test_invalid_expressions(case: str) -> None:
    holds(case)


@pytest.mark.parametrize("source", ["", "cluster in ['a'", "cluster |", "'open"])
def test_expressions_that_end_early(source: str) -> None:
    found = findings(whole(f'- {{id: x, hold: "a ${{{source}}} b"}}'))
    assert any(one.rule in ("RB308", "RB203") for one in found)


SECRETS = {
    "in text": '- {id: x, hold: "it is ${«RB306 settings.admin»}"}',
    "alone in a text": '- {id: x, hold: «RB306 "${settings.admin}"»}',
    "through a var": '- {id: x, hold: "${«RB306 users[0].password»}!"}',
    "through a filter": "- {id: x, if: («RB306 settings.admin» | lower) == 'a', wait: 1s}",
    "joined": "- {id: x, if: (\"a\" ~ «RB306 settings.admin») == 'ab', wait: 1s}",
    "compared": "- {id: x, if: «RB306 settings.admin» == 'a', wait: 1s}",
    "asked for": "- {id: x, if: settings.admin, wait: 1s}",
    "in a parameter that takes none": LOOK.replace('"${cluster}"', '«RB306 "${settings.admin}"»'),
    "in a parameter that takes one": """
        - id: set-up
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: "${users}"}
        """,
    "deep in a parameter that takes one": """
        - id: set-up
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: [{name: b, password: "${settings.password}"}]}
        """,
    "in an output": """
        runbook: case
        settings: {admin: secret:db/admin}
        steps: [{id: x, wait: 1s}]
        outputs: {admin: «RB306 "${settings.admin}"»}
        """,
    "in a lock": """
        runbook: case
        settings: {admin: secret:db/admin}
        lock: a/${«RB306 settings.admin»}
        steps: [{id: x, wait: 1s}]
        """,
    "written down": """
        - id: set-up
          call: postgres.setup_users
          with: {host: a, admin: «RB310 swordfish», users: [{name: b, password: «RB310 "hunter2"»}]}
        """,
    "null is no secret": """
        - id: set-up
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: [{name: b, password: null}]}
        """,
    "an input is no secret": """
        - id: set-up
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: [{name: b, password: «RB310 "${cluster}"»}]}
        """,
}


@pytest.mark.parametrize("case", SECRETS.values(), ids=SECRETS)
def test_secrets(case: str) -> None:
    holds(case)


TYPES = {
    "text for a number": '- {id: x, check: net.endpoint, with: {host: a, port: «RB307 "${cluster}"»}}',
    "a number for a number": '- {id: x, check: net.endpoint, with: {host: a, port: "${port}"}}',
    "a part of a text is text": '- {id: x, check: net.endpoint, with: {host: a, port: «RB307 "1${port}"»}}',
    "by a filter": '- {id: x, check: net.endpoint, with: {host: a, port: "${cluster | int}"}}',
    "a list for text": LOOK.replace('"${cluster}"', '«RB307 "${names}"»'),
    "an attribute": LOOK + '- {id: x, check: net.endpoint, with: {host: "${look.endpoint}", port: "${look.port}"}}',
    "an attribute of the wrong type": LOOK
    + '- {id: x, check: net.endpoint, with: {host: «RB307 "${look.instances}"», port: 1}}',
    "what is null is left out": '- {id: x, check: rds.cluster, with: {name: a, port: "${none}"}}',
    "in one of two cases": '- {id: x, check: rds.cluster, with: {name: a, port: "${port if dry else none}"}}',
    "deep in a parameter": '- {id: x, check: rds.cluster, with: {name: a, serverless: {min: «RB307 "${cluster}"», max: 2}}}',
    "for_each of text": '- {id: x, for_each: «RB307 "${cluster}"», hold: "${each}"}',
    "never equal": "- {id: x, if: «RB307 port == '5432'», wait: 1s}",
    "always unequal": "- {id: x, if: «RB307 cluster != 5», wait: 1s}",
    "no order": "- {id: x, if: «RB307 cluster > 5», wait: 1s}",
    "numbers": "- {id: x, if: port > 5.5 and port == 5, wait: 1s}",
    "in a number": "- {id: x, if: «RB307 cluster in port», wait: 1s}",
    "too few arguments": "- {id: x, hold: \"${cluster | «RB307 replace('a')»}\"}",
    "a strange argument": '- {id: x, hold: "${cluster | «RB307 truncate(size=5)»}"}',
    "a list's filter on a number": '- {id: x, hold: "${port | «RB307 join»}"}',
    "text's filter on a list": '- {id: x, hold: "${names | «RB307 upper»}"}',
}


@pytest.mark.parametrize("case", TYPES.values(), ids=TYPES)
def test_types(case: str) -> None:
    holds(case)


ACCOUNTS = {
    "declared": "- {id: x, account: source, wait: 1s}",
    "not declared": "- {id: x, account: «RB311 sorce», wait: 1s}",
}


@pytest.mark.parametrize("case", ACCOUNTS.values(), ids=ACCOUNTS)
def test_accounts(case: str) -> None:
    holds(case)


def test_places_in_texts_of_several_lines() -> None:
    text, expected = marked("a: «RB303 bc»\nd: «RB301 e»")
    assert (text, expected) == ("a: bc\nd: e", [("RB303", 1, 4, 6), ("RB301", 2, 4, 5)])
