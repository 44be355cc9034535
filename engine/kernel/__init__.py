"""The kernel: what happens next, as three pure functions.

    start(…)                           -> [Started]   record 1
    pending(runbook, operation, now)   -> Command     a function of durable state alone
    evolve(runbook, operation, event)  -> Operation   raises IllegalEvent, changes nothing then

A step's life is a walk over seven phases; an effect's intent is committed before it is performed, its outcome
is folded in after. Nothing here knows a clock, randomness, a file, a network or a store: events carry their time.

Read in this order: `operation` (the values), `events`, `decide/pending` (the phase table), `decide/decision` (after a
look), `decide/errors` (schedules, rescues), `decide/ends`, then `apply/evolve` and what it names.
"""

from engine.kernel.apply.evolve import IllegalEvent, evolve
from engine.kernel.decide.pending import pending
from engine.kernel.operation import Operation
from engine.kernel.start import start

__all__ = ["IllegalEvent", "Operation", "evolve", "pending", "start"]
