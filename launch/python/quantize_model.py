"""Quantise a merged judge with AWQ, on prompts of its own work: the result is a folder that vLLM serves.

Run as: python quantize_model.py MODEL OUT --data DATA [--group 128] [--examples 128] [and the options below]
    (with an interpreter that has torch, and the packages of quantize-requirements.txt before its own)

MODEL  folder of a model in 16 or 32 bits, a text generator or a classifier. An adapter is merged into it before (`abtie merge`).
OUT    folder to write; it must not exist. It appears at the end, in one step.
DATA   folder of `abtie prepare`: its prompts decide which weights must be kept most exactly.
--bits      bits of a weight, 4 or 8.
--group     weights with one scale. It must divide the inputs of every layer: 128 does not divide 576, 64 does.
--examples  prompts to use, chosen at random by --seed, of the rows that were trained on: not of the fold that is held out.
--grid      values that are tried for each scale, at least 3; the time grows with it.
--dtype     float16 or bfloat16, of what stays in 16 bits. Default: that of MODEL, and bfloat16 if it has 32 bits. GPUs before
            Ampere, such as the T4, need float16. vLLM's CPU build serves the result in 16 bits only.

The head (lm_head or score) and the embeddings stay in 16 bits. Weights are asymmetric integers (W4A16_ASYM).
Prints one JSON object a line: {"step": TEXT} before each step, and at the end {"out", "layers", "examples", "tokens",
"bits", "group", "dtype", "bytes_before", "bytes"}. What the quantised model has lost is found by serving it (`abtie compare`).
"""

import argparse
import contextlib
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedModel

from judge_examples import Example, read_data
from merge_adapter import TOKENIZER_FILES

HEADS = ["lm_head", "score"]
# llmcompressor divides by the grid less 2.
LEAST_GRID = 3
HALVES = {torch.float16: "float16", torch.bfloat16: "bfloat16"}


def main() -> None:
    """Quantise the model that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of the model")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--data", type=Path, required=True, help="folder of `abtie prepare`")
    parser.add_argument("--bits", type=int, default=4, choices=[4, 8])
    parser.add_argument("--group", type=int, default=128)
    parser.add_argument("--examples", type=int, default=128)
    parser.add_argument("--grid", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dtype", choices=sorted(HALVES.values()))
    options = parser.parse_args()
    if options.grid < LEAST_GRID:
        raise SystemExit(f"--grid {options.grid} gives no scales to choose from: take {LEAST_GRID} or more")
    # The libraries print to stdout, which is for JSON lines alone.
    with contextlib.redirect_stdout(sys.stderr):
        done = quantise(options)
    say(done)


def quantise(options: argparse.Namespace) -> dict[str, Any]:
    """Quantise, write the folder, and return what is printed at the end."""
    if options.out.exists():
        raise SystemExit(f"{options.out} exists already: name a new folder")
    say({"step": "reading the prompts"})
    chosen = choose_examples(options.data, options.examples, options.seed)
    say({"step": "reading the model"})
    config = AutoConfig.from_pretrained(options.model)
    if getattr(config, "quantization_config", None) is not None:
        raise SystemExit(f"{options.model} is quantised already: name the folder of the model in 16 bits")
    model = load(options.model, config)
    layers = check_groups(model, options.group)
    say({"step": f"quantising {layers} layers on {len(chosen)} prompts"})
    run_awq(model, chosen, bits=options.bits, group=options.group, grid=options.grid)
    dtype = getattr(torch, options.dtype) if options.dtype is not None else half_of(config)
    say({"step": "writing the quantised model"})
    model.to(dtype)  # type: ignore[arg-type]
    write(model, options.model, options.out)
    return {
        "out": str(options.out),
        "layers": layers,
        "examples": len(chosen),
        "tokens": sum(len(example.ids) for example in chosen),
        "bits": options.bits,
        "group": options.group,
        "dtype": HALVES[dtype],
        "bytes_before": size_of(options.model),
        "bytes": size_of(options.out),
    }


def say(line: dict[str, Any]) -> None:
    """Print a line."""
    print(json.dumps(line), file=sys.__stdout__, flush=True)


def choose_examples(folder: Path, count: int, seed: int) -> list[Example]:
    """Choose prompts at random, none of the fold that data.json names as held out."""
    about = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    held_out = about.get("folds", {}).get("heldOut")
    allowed = [example for example in read_data(folder).examples if example.fold != held_out]
    return random.Random(seed).sample(allowed, min(count, len(allowed)))


def load(folder: Path, config: PreTrainedConfig) -> PreTrainedModel:
    """Load the model with its head; on a CPU in float32, which is faster and more exact there than 16 bits."""
    classifies = any(name.endswith("ForSequenceClassification") for name in config.architectures or [])
    kind = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
    on_gpu = torch.cuda.is_available()
    place: dict[str, Any] = {"device_map": {"": "cuda:0"}} if on_gpu else {}
    model: PreTrainedModel = kind.from_pretrained(folder, dtype="auto" if on_gpu else torch.float32, **place)
    model.eval()
    return model


def check_groups(model: PreTrainedModel, group: int) -> int:
    """Count the layers to quantise, and refuse a group that does not divide the inputs of one of them."""
    layers = {name: each for name, each in model.named_modules() if isinstance(each, torch.nn.Linear) and name not in HEADS}
    sizes = sorted({each.in_features for each in layers.values()})
    wrong = [size for size in sizes if size % group != 0]
    if len(wrong) > 0:
        fits = next((each for each in (128, 64, 32, 16) if all(size % each == 0 for size in sizes)), None)
        raise SystemExit(
            f"--group {group} does not divide {wrong[0]}, the inputs of some layers: choose {fits or 'another model'}"
        )
    return len(layers)


def run_awq(model: PreTrainedModel, chosen: list[Example], *, bits: int, group: int, grid: int) -> None:
    """Choose the scales by AWQ, and round the weights."""
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme, QuantizationStrategy, QuantizationType
    from llmcompressor import oneshot
    from llmcompressor.modifiers.quantization import QuantizationModifier
    from llmcompressor.modifiers.transform.awq import AWQModifier

    if not torch.cuda.is_available():
        # llmcompressor pins memory whatever the machine is, and torch then looks for an NVIDIA driver.
        torch.Tensor.pin_memory = lambda tensor, *_: tensor  # type: ignore[method-assign]
    weights = QuantizationArgs(
        num_bits=bits, type=QuantizationType.INT, symmetric=False, strategy=QuantizationStrategy.GROUP, group_size=group
    )
    scheme = QuantizationScheme(targets=["Linear"], weights=weights)
    oneshot(
        model=model,
        dataset=torch.utils.data.DataLoader(as_batches(chosen), batch_size=None),  # type: ignore[arg-type]
        recipe=[AWQModifier(n_grid=grid), QuantizationModifier(config_groups={"group_0": scheme}, ignore=HEADS)],
        num_calibration_samples=len(chosen),
        processor=AsIs(),
    )


class AsIs:
    """Stands where llmcompressor expects a tokenizer: the prompts are token ids already."""


def as_batches(chosen: list[Example]) -> list[dict[str, torch.Tensor]]:
    """Make one batch of each prompt: nothing is padded, so no padding weighs on the scales."""
    ids = [torch.tensor([list(example.ids)]) for example in chosen]
    return [{"input_ids": each, "attention_mask": torch.ones_like(each)} for each in ids]


def half_of(config: PreTrainedConfig) -> torch.dtype:
    """Choose the data type of what stays in 16 bits."""
    return config.dtype if config.dtype in HALVES else torch.bfloat16


def write(model: PreTrainedModel, source: Path, out: Path) -> None:
    """Write the model and the files of its tokenizer; the folder appears when it is whole."""
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model.save_pretrained(partial, save_compressed=True)
    for name in TOKENIZER_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, partial / name)
    partial.rename(out)


def size_of(folder: Path) -> int:
    """Add up the bytes of the weights."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


if __name__ == "__main__":
    main()
