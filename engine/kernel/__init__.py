"""The kernel: what happens next, as three pure functions.

    start(…)                           -> [Started]   the events of record 1
    pending(runbook, operation, now)   -> Command     the next command, a function of what is stored
    evolve(runbook, operation, event)  -> Operation   the operation after an event; raises IllegalEvent, changes nothing then

The driver asks `pending`, folds what is to be recorded, commits it, performs the effect, and folds its outcome in. An effect's
intent is on the log before it leaves. Nothing here knows a clock, randomness, a file, a network or a store: events carry their
time, and jitter is a hash.

Read in this order:

    effect, frame, operation     the values: what is sent and seen, where the operation stands, the whole of it
    events, wire, codec          what is recorded, and how it is stored
    ownership                    own, kin, foreign, by id and tags
    queries, rendering           questions about an operation; names and `${ }`
    decide/pending               the phase table. Its essay walks an operation from the first step to the end
    decide/decision              after a look. Then: classes, verbs, requirements, intents, errors, ends, notices
    decide/deletions, survey     what needs a person's word; protected_names
    apply/evolve                 record 1, and the table of folds. Then: steps, outcomes, lifecycle, and the moves of stack

● marks a rule that an operation would be lost, or something foreign touched, without. Each is one small function: the tests of
`tests/laws/test_k12_*.py` replace the function, and a scenario must then end badly. So a
function with ● stays a function of its own, however short, and a new one wants a line there.
"""

from engine.kernel.apply.evolve import IllegalEvent, Transition, begun, evolve, start
from engine.kernel.decide.pending import pending
from engine.kernel.operation import Operation

__all__ = ["IllegalEvent", "Operation", "Transition", "begun", "evolve", "pending", "start"]
