"""Read training examples and put them into batches: both orders of a row always in the same step.

A folder of examples is written by `abtie prepare`: data.json describes it, examples.jsonl has one prompt a line, as token ids,
with the probabilities of the classes as target.
"""

import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Sampler

# Batches from which one is made by length: enough that rows of one length meet, few enough that an epoch stays mixed.
BATCHES_SORTED_TOGETHER = 50


@dataclass(frozen=True)
class Example:
    """One prompt with its target. `row` is the position in the input; both orders of a row have the same.

    In a chat, `answer` is the index of the first token of the answer, which is learned to the end; there are no classes then.
    """

    id: str
    row: int
    order: str
    fold: int
    ids: "array[int]"
    target: tuple[float, ...]
    weight: float
    answer: int | None


@dataclass(frozen=True)
class Data:
    """A folder of examples. `labels` has the ids of the label tokens of each class, in their order; null for the other heads."""

    head: str | None
    classes: list[str]
    labels: list[list[int]] | None
    eos: int | None
    pad: int | None
    sha256: str
    examples: list[Example]


Row = list[Example]
Batch = dict[str, torch.Tensor]


def read_data(folder: Path) -> Data:
    """Read data.json and examples.jsonl; a file that is not the one that data.json describes ends the program."""
    about: dict[str, Any] = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    if about.get("format") != 1:
        raise SystemExit(
            f"{folder}/data.json has format {about.get('format')}, and this program reads format 1: run `abtie prepare` again"
        )
    content = (folder / "examples.jsonl").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    expected = about["examplesSha256"]
    if found != expected:
        raise SystemExit(
            f"{folder}/examples.jsonl is not the file that data.json describes (its hash differs): run `abtie prepare` again"
        )
    classes: list[str] = about["classes"]
    labels = about.get("labels")
    return Data(
        head=about.get("head"),
        classes=classes,
        labels=None if labels is None else [labels[name] for name in classes],
        eos=about.get("eos"),
        pad=about.get("pad"),
        sha256=found,
        examples=[read_example(line) for line in content.splitlines()],
    )


def read_example(line: bytes) -> Example:
    """Read one line of examples.jsonl; the ids take four bytes each."""
    raw: dict[str, Any] = json.loads(line)
    return Example(
        id=str(raw["id"]),
        row=raw["row"],
        order=raw["order"],
        fold=raw["fold"],
        ids=array("i", raw["ids"]),
        target=tuple(raw["target"]),
        weight=raw["weight"],
        answer=raw.get("answer"),
    )


def split_rows(examples: Sequence[Example], held_out: int | None) -> tuple[list[Row], list[Row]]:
    """Put the orders of each row together, and part the rows to train on from those of the fold `held_out`."""
    rows = [list(each) for _, each in groupby(examples, key=lambda example: example.row)]
    return [row for row in rows if row[0].fold != held_out], [row for row in rows if row[0].fold == held_out]


def longest(row: Row) -> int:
    """Count the tokens of the longest prompt of a row."""
    return max(len(example.ids) for example in row)


def rows_in_batch(rows: Sequence[Row], batch: int) -> int:
    """Count the rows that fill a batch of so many prompts; a row with two orders fills two places."""
    orders = max(len(row) for row in rows)
    if batch % orders != 0:
        raise SystemExit(
            f"recipe: training.batch is {batch}, and each row has {orders} prompts (both orders): choose an even batch"
        )
    return batch // orders


class RowSampler(Sampler[int]):
    """Gives the rows of an epoch in an order that only the seed and the epoch decide, so that a resumed run sees the same."""

    def __init__(self, lengths: Sequence[int], together: int, *, seed: int, by_length: bool) -> None:
        """`together` is the number of rows in one step on one device."""
        self.lengths = lengths
        self.together = together
        self.seed = seed
        self.by_length = by_length
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take the number of the epoch; Trainer calls this."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Give the positions of the rows."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order: list[int] = torch.randperm(len(self.lengths), generator=generator).tolist()
        if not self.by_length:
            return iter(order)
        steps: list[list[int]] = []
        for start in range(0, len(order), self.together * BATCHES_SORTED_TOGETHER):
            part = sorted(order[start : start + self.together * BATCHES_SORTED_TOGETHER], key=lambda at: -self.lengths[at])
            steps.extend(part[at : at + self.together] for at in range(0, len(part), self.together))
        # The steps are mixed again, except that a short last one stays last: it must not come between whole ones.
        whole = [step for step in steps if len(step) == self.together]
        rest = [at for step in steps if len(step) < self.together for at in step]
        mixed = torch.randperm(len(whole), generator=generator).tolist()
        return iter([at for number in mixed for at in whole[number]] + rest)


# Marks a token that is not learned, for torch's cross entropy.
NOT_LEARNED = -100


class Collator:
    """Makes a batch of tensors from rows, and counts the tokens that it has put into batches."""

    def __init__(self, pad: int, padding: str) -> None:
        """`padding` says on which side: right or left."""
        self.pad = pad
        self.right = padding == "right"
        self.tokens = 0

    def __call__(self, rows: Sequence[Row]) -> Batch:
        """Pad all prompts of the rows to the longest.

        `last` is the position of each prompt's last token; `learned` has the ids of the answers of chats at their places.
        """
        examples = [example for row in rows for example in row]
        width = max(len(example.ids) for example in examples)
        ids = torch.full((len(examples), width), self.pad, dtype=torch.long)
        mask = torch.zeros((len(examples), width), dtype=torch.long)
        learned = torch.full_like(ids, NOT_LEARNED)
        for number, example in enumerate(examples):
            length = len(example.ids)
            place = slice(0, length) if self.right else slice(width - length, width)
            ids[number, place] = torch.tensor(example.ids, dtype=torch.long)
            mask[number, place] = 1
            if example.answer is not None:
                answer = slice(place.start + example.answer, place.start + length)
                learned[number, answer] = ids[number, answer]
            self.tokens += length
        lengths = torch.tensor([len(example.ids) for example in examples])
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "last": lengths - 1 if self.right else torch.full_like(lengths, width - 1),
            "target": torch.tensor([example.target for example in examples], dtype=torch.float32),
            "weight": torch.tensor([example.weight for example in examples], dtype=torch.float32),
            "learned": learned,
        }
