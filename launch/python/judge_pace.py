"""How fast a training goes, whether it has diverged, and how much time its end needs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

import torch

# Training has diverged when the mean loss of so many steps is above so many times that of the first ones, and this many nats.
STEPS_OF_MEAN = 20
DIVERGED_FACTOR = 2.0
DIVERGED_NATS = 1.0
# Part of the time up to the deadline that is kept for what cannot be foreseen.
SPARE_S = 5.0


@dataclass
class Pace:
    """Durations that were measured in this session (s): a deadline is met with them."""

    started: float = field(default_factory=time.monotonic)
    mark: float = field(default_factory=time.monotonic)
    steps: int = 0
    step_s: float = 0.0
    tokens: int = 0
    save_s: float = 0.0
    evaluation_s: float | None = None


def time_to_end(step: float, save: float, evaluation: float | None, session: float) -> float:
    """Compute the time (s) to keep after a step: one more step, which may be a slow one, a checkpoint and the final folder.

    The evaluation at the end is kept time for if it takes at most a tenth of the session; a longer one is left out when it does
    not fit.
    """
    judged = 0.0 if evaluation is None or evaluation > session / 10 else 1.2 * evaluation
    return 2 * step + 2 * save + judged + SPARE_S


def has_diverged(losses: Sequence[float]) -> bool:
    """Tell whether the mean loss of the last steps is far above that of the first ones."""
    if len(losses) < 2 * STEPS_OF_MEAN:
        return False
    before, now = mean(losses[:STEPS_OF_MEAN]), mean(losses[-STEPS_OF_MEAN:])
    return now > DIVERGED_FACTOR * before and now > before + DIVERGED_NATS


def memory_gib() -> float | None:
    """Read the largest memory of the device so far (GiB), or of this process where there is no GPU."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_reserved() / 2**30, 2)
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
