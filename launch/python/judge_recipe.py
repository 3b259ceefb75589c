"""Read the recipe of a training: the file that `abtie train` writes after it has checked the person's recipe."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Lora:
    """Which small matrices are trained. `layers` is a range such as "16-41", both ends included, or null for all layers."""

    r: int
    alpha: int
    dropout: float
    targets: list[str] | str
    layers: str | None
    bias: Literal["none", "all", "lora_only"]


@dataclass(frozen=True)
class Load:
    """How the base model is held in memory: its bits, the data type of its sums, its attention, and whether GPUs share it."""

    bits: int
    quant: str
    double: bool
    compute: str
    attention: str
    checkpointing: bool
    shard: bool


@dataclass(frozen=True)
class Training:
    """The settings of the optimiser. `batch` counts prompts on one device; `warmup` below 1 is a share of all steps."""

    epochs: float
    batch: int
    accumulation: int
    learning_rate: float
    schedule: str
    warmup: float
    optimizer: str
    weight_decay: float
    max_grad_norm: float
    precision: str
    padding: str
    group_by_length: bool
    seed: int
    evaluate_every: int
    save_every: int
    eval_batch: int
    tensorboard: bool


@dataclass(frozen=True)
class Recipe:
    """The part of the recipe that the training reads. `held_out` is the number of the fold that is not trained on, or null."""

    base: Path
    head: str
    loss: str
    held_out: int | None
    lora: Lora
    load: Load
    training: Training


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file; a missing key ends the program with its name."""
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    try:
        return Recipe(
            base=Path(raw["base"]),
            head=one_of(raw["head"], "head", ("classifier", "label", "answer")),
            loss=one_of(raw["loss"], "loss", ("vocabulary", "labels")),
            held_out=raw["data"]["folds"].get("held_out"),
            lora=Lora(**fields(Lora, raw["lora"])),
            load=Load(**fields(Load, raw["load"])),
            training=Training(**fields(Training, raw["training"])),
        )
    except KeyError as missing:
        raise SystemExit(f"{path}: the key {missing} is missing: `abtie train` writes this file with every key") from None


def fields(kind: type, raw: dict[str, Any]) -> dict[str, Any]:
    """Pick the fields of one part of the recipe, and leave out what other programs read."""
    return {each.name: raw[each.name] for each in dataclasses.fields(kind)}


def one_of(value: str, name: str, allowed: tuple[str, ...]) -> str:
    """Return the value if it is one of the allowed ones."""
    if value not in allowed:
        raise SystemExit(f"recipe: {name} is {value!r}, and must be one of {', '.join(allowed)}")
    return value


def layer_numbers(layers: str | None) -> list[int] | None:
    """Turn "16-41" into the numbers 16 to 41, both included."""
    if layers is None:
        return None
    first, _, last = layers.partition("-")
    return list(range(int(first), int(last or first) + 1))
