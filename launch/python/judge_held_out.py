"""Judge the held-out rows while a judge is trained, and compare with the class prior."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from judge_examples import Batch, Collator, Example, Row

# Each example with the numbers of its head: scores of the classes, or loss, tokens and guessed tokens of an answer.
Scored = list[tuple[Example, list[float]]]


def score_rows(
    rows: Sequence[Row], score: Callable[[Batch], torch.Tensor], *, batch: int, collator: Collator, device: torch.device
) -> Iterator[Scored]:
    """Score the prompts of the rows, the longest first, batch by batch; the caller may stop between two batches."""
    examples = sorted((example for row in rows for example in row), key=lambda example: -len(example.ids))
    for start in range(0, len(examples), batch):
        part = examples[start : start + batch]
        with torch.no_grad():
            scores = score({name: value.to(device) for name, value in collator([part]).items()})
        yield list(zip(part, scores.tolist(), strict=True))


def count_batches(rows: Sequence[Row], batch: int) -> int:
    """Count the batches in which score_rows scores the prompts of the rows."""
    return math.ceil(sum(len(row) for row in rows) / batch)


def measure(scored: Scored, prior: Sequence[float], *, has_mass: bool) -> dict[str, Any]:
    """Compute log loss (nats), accuracy and label mass of the prompts, and the log loss of the class prior on the same prompts.

    With soft targets the log loss is the cross entropy with them. A prediction is right when its largest class is that of
    the target. Every prompt counts with its weight; the mass is a plain mean.
    """
    targets = torch.tensor([example.target for example, _ in scored], dtype=torch.float64)
    weights = torch.tensor([example.weight for example, _ in scored], dtype=torch.float64)
    scores = torch.tensor([each for _, each in scored], dtype=torch.float64)
    weights = weights / weights.sum()
    log_probabilities = torch.log_softmax(scores, dim=-1)
    log_prior = torch.tensor(prior, dtype=torch.float64).clamp_min(1e-12).log()
    right = log_probabilities.argmax(dim=-1) == targets.argmax(dim=-1)
    return {
        "log_loss": float(-(targets * log_probabilities).sum(dim=-1) @ weights),
        "accuracy": float(right.double() @ weights),
        "mass": float(torch.logsumexp(scores, dim=-1).exp().mean()) if has_mass else None,
        "rows": len({example.row for example, _ in scored}),
        "prior_log_loss": float(-(targets * log_prior).sum(dim=-1) @ weights),
    }


def measure_answers(scored: Scored) -> dict[str, Any]:
    """Compute the mean -log p (nats) of the tokens of all answers, and the share of them that the model finds most probable."""
    numbers = torch.tensor([each for _, each in scored], dtype=torch.float64)
    loss, tokens, guessed = numbers.sum(dim=0).tolist()
    found = {"log_loss": loss / tokens, "accuracy": guessed / tokens, "mass": None}
    return found | {"rows": len(scored), "prior_log_loss": None}


def class_prior(rows: Sequence[Row]) -> list[float]:
    """Compute the weighted share of each class in the targets of the rows."""
    examples = [example for row in rows for example in row]
    total = sum(example.weight for example in examples)
    return [sum(e.weight * e.target[number] for e in examples) / total for number in range(len(examples[0].target))]


def write_scores(path: Path, scored: Scored) -> None:
    """Write the scores of each held-out prompt as JSON lines in the order of the input; the file appears when it is whole.

    Of a chat, loss (nats), tokens and guessed tokens of its answer are written.
    """
    partial = path.with_name(f"{path.name}.partial")
    ordered = sorted(scored, key=lambda each: (each[0].row, each[0].order))
    lines = ({"id": example.id, "order": example.order} | named(example, numbers) for example, numbers in ordered)
    partial.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    partial.replace(path)


def named(example: Example, numbers: list[float]) -> dict[str, Any]:
    """Give the numbers of a scored example their names."""
    return {"logits": numbers} if example.answer is None else dict(zip(("loss", "tokens", "guessed"), numbers, strict=True))
