"""Times, durations and attempts as text. Pure."""

from __future__ import annotations

from engine.kernel.frame import Frame
from engine.kernel.rendering import iso
from engine.language.model import Step, attempts_in


def format_time(at: float) -> str:
    """`2024-03-20 00:06:00Z`. `at`: seconds since the epoch."""
    return iso(at).replace("T", " ")


def format_deadline(at: float, now: float) -> str:
    """`00:12Z`, or `00:12:05Z` where the seconds count; with the date where it is another day than `now`."""
    text = format_time(at)
    day, time = text.split(" ")
    time = time.removesuffix(":00Z").removesuffix("Z") + "Z"
    return time if day == format_time(now)[:10] else f"{day} {time}"


def format_clock(seconds: float) -> str:
    """`9:58`, `1:09:58`: a running clock."""
    left = max(0, round(seconds))
    hours, minutes, rest = left // 3600, left // 60 % 60, left % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_attempt(step: Step, number: int) -> str:
    """`attempt 2 of 4`; "" for a step without retries."""
    if step.retry is None or number <= 0:
        return ""
    most = attempts_in(step.retry.schedule)
    return f"attempt {number} of {most}" if most is not None else f"attempt {number}"


def format_current_attempt(step: Step, frame: Frame) -> str:
    """The attempt in progress, or the next one while its delay runs."""
    spent = frame.attempts.spent
    return format_attempt(step, spent + 1 if frame.attempts.granted else spent)
