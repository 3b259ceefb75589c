"""Judge real rows without reading them: by the length of the answers, and by who wrote them. What a trained judge must beat.

Run as: python shallow_judges.py DATA ROWS.csv OUT.jsonl   (an interpreter with numpy and scikit-learn; Debian: python3-sklearn)

DATA      a folder of `abtie prepare` with both orders: its folds and targets
ROWS.csv  the rows that it was made of: id, response_a, response_b and, for the second and third judge, model_a and model_b
OUT.jsonl gets {"job", "id", "order", "logits"} of each row, order and judge, by the logistic regression of the other
          folds, fitted to both orders with the targets as weights; bench/training/score-folds.mjs scores them beside
          trained judges.

The judges: length  (difference of the words, of their logarithms and of the lines; which answer is empty; whether they are equal)
            writer  (which two models wrote the answers; no text is read)
            both    (all of these)
"""

import argparse
import csv
import json
import math
from pathlib import Path
from typing import TextIO

import numpy as np
from sklearn.linear_model import LogisticRegression

Numbers = np.ndarray
SWAPPED = [1, 0, 2]


def main() -> None:
    """Fit each judge on all folds but one and write what it says of that one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    csv.field_size_limit(10**9)
    with options.rows.open(newline="", encoding="utf-8-sig") as file:
        texts = {row["id"]: row for row in csv.DictReader(file)}
    lines = (options.data / "examples.jsonl").read_text().splitlines()
    examples = [example for example in map(json.loads, lines) if example["order"] == "ab"]
    rows = [texts[str(example["id"])] for example in examples]
    judges = {"length": by_length(rows)}
    if all("model_a" in row and "model_b" in row for row in rows):
        judges["writer"] = by_writer(rows)
        judges["both"] = np.concatenate([judges["length"], judges["writer"]], axis=2)
    with options.out.open("w") as out:
        for name, features in judges.items():
            judge(name, features, examples, out)


def by_length(rows: list[dict[str, str]]) -> Numbers:
    """Give the features of both orders: order x row x feature."""

    def features(first: str, second: str) -> list[float]:
        one, two = len(first.split()), len(second.split())
        signed = [
            math.log1p(one) - math.log1p(two),
            (one - two) / 100,
            float(not first.strip()) - float(not second.strip()),
            (first.count("\n") - second.count("\n")) / 10,
        ]
        return [*signed, *map(abs, signed), float(first.strip() == second.strip())]

    answers = [(answer(row["response_a"]), answer(row["response_b"])) for row in rows]
    return np.array([[features(a, b) for a, b in answers], [features(b, a) for a, b in answers]])


def answer(cell: str) -> str:
    """Join the turns of an answer that is written as a JSON list."""
    try:
        turns = json.loads(cell)
    except ValueError:
        return cell
    return "\n".join(turn or "" for turn in turns) if isinstance(turns, list) else cell


def by_writer(rows: list[dict[str, str]]) -> Numbers:
    """Give for each model whether it wrote the first answer, less whether it wrote the second, and how many of both it wrote."""
    pairs = [(row["model_a"], row["model_b"]) for row in rows]
    models = sorted({model for pair in pairs for model in pair})

    def features(first: str, second: str) -> list[float]:
        wrote = [(float(first == model), float(second == model)) for model in models]
        return [one - two for one, two in wrote] + [one + two for one, two in wrote]

    return np.array([[features(a, b) for a, b in pairs], [features(b, a) for a, b in pairs]])


def judge(name: str, features: Numbers, examples: list[dict], out: TextIO) -> None:
    """Write the log probabilities of every row by the regression of the other folds."""
    fold = np.array([example["fold"] for example in examples])
    target = np.array([example["target"] for example in examples])
    for held_out in np.unique(fold):
        other = fold != held_out
        # Each row stands in both orders, once a class, with the share of the class as its weight.
        shown = np.concatenate([features[order][other] for order in (0, 1) for _ in range(3)])
        classes = np.concatenate([np.full(other.sum(), k) for _ in (0, 1) for k in range(3)])
        weights = np.concatenate([target[other][:, k] for k in [*range(3), *SWAPPED]])
        model = LogisticRegression(max_iter=5000).fit(shown, classes, sample_weight=weights)
        for order, seen in zip(("ab", "ba"), features, strict=True):
            logits = model.predict_log_proba(seen[~other])
            for at, row in enumerate(np.flatnonzero(~other)):
                line = {
                    "job": f"{name}-fold{held_out}",
                    "id": examples[row]["id"],
                    "order": order,
                    "logits": logits[at].tolist(),
                }
                out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
