"""Merge a PEFT checkpoint into its base model: the result is a plain model folder that vLLM serves.

Run as: python merge_adapter.py BASE ADAPTER OUT [--classes A,B,tie] [--pad-token ID] [--dtype auto|float32|float16|bfloat16]
    (with an interpreter that has torch, transformers, safetensors and peft)

BASE     folder of the base model in 16 or 32 bits. A base in 4 or 8 bits is refused: a merge into it loses what was trained.
         Name the folder in 16 bits from which the quantised one was made.
ADAPTER  folder with adapter_config.json and adapter_model.safetensors. Of a classifier it also holds the trained head (PEFT's
         modules_to_save); an adapter of a classifier without one is refused, since its head would be random.
OUT      folder to write; it must not exist. It appears at the end, in one step. The tokenizer's files are those of ADAPTER if
         it has them, else those of BASE.
--classes    names of the classes in the order of training, written to id2label. Default: those in BASE's config, if their number
             is right, else LABEL_0, LABEL_1 and so on, which abtie takes as A, B and tie.
--pad-token  id of the padding token of the training, which transformers needs for batches. Default: that of the tokenizer, else
             of BASE's config, else the end-of-sequence token, which trainers choose where there is none.

Prints one JSON object a line: {"step": TEXT} before each step, and at the end
{"out", "classes" (null for a model that generates text), "pad_token", "parameters", "largest_difference"}. The last is the
largest difference between the logits of the merged and the unmerged model on a sample text, in the data type of the weights.
The exit status is 1, and the last line of stderr says why, when something is missing or the merged model differs.
"""

import argparse
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
)

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)
SAMPLE = "<prompt>: What is 2 + 2?\n\n<response_a>: 4\n\n<response_b>: It may be 5."
# Largest difference of a logit, by data type: rounding of the sum W + BA to 16 bits moves it.
LARGEST_DIFFERENCE = {torch.float32: 1e-3, torch.float16: 0.25, torch.bfloat16: 1.0}


def main() -> None:
    """Merge the folders that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, help="folder of the base model")
    parser.add_argument("adapter", type=Path, help="folder of the PEFT checkpoint")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--classes", help="names of the classes, separated by commas")
    parser.add_argument("--pad-token", type=int, help="id of the padding token")
    parser.add_argument("--dtype", default="auto", choices=["auto", "float32", "float16", "bfloat16"])
    options = parser.parse_args()
    names = None if options.classes is None else options.classes.split(",")
    result = merge(options.base, options.adapter, options.out, names=names, pad=options.pad_token, dtype=options.dtype)
    print(json.dumps(result), flush=True)


def merge(  # noqa: PLR0913
    base: Path, adapter: Path, out: Path, *, names: list[str] | None = None, pad: int | None = None, dtype: str = "auto"
) -> dict[str, Any]:
    """Merge an adapter into a copy of its base, write the copy to `out`, and return what is printed at the end."""
    if out.exists():
        raise SystemExit(f"{out} exists already: name a new folder")
    settings = read_adapter_config(adapter)
    say("reading the adapter")
    classes = count_classes(adapter) if settings.get("task_type") == "SEQ_CLS" else None
    config = make_config(base, classes, names)
    if classes is not None:
        config.pad_token_id = choose_pad(config, tokenizer_folder(base, adapter), pad)
    say("reading the base model")
    model = load(base, config, classifies=classes is not None, dtype=dtype)
    merged, difference = lay_and_merge(model, adapter, tokenizer_folder(base, adapter))
    say("writing the merged model")
    write(merged, tokenizer_folder(base, adapter), out)
    return {
        "out": str(out),
        "classes": None if classes is None else [name for _, name in named_classes(config)],
        "pad_token": config.pad_token_id,
        "parameters": sum(each.numel() for each in merged.parameters()),
        "largest_difference": difference,
    }


def say(text: str) -> None:
    """Print what happens next."""
    print(json.dumps({"step": text}), flush=True)


def read_adapter_config(adapter: Path) -> dict[str, Any]:
    """Read adapter_config.json."""
    path = adapter / "adapter_config.json"
    if not path.exists():
        raise SystemExit(f"{adapter} has no adapter_config.json: it is no PEFT checkpoint")
    settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return settings


def count_classes(adapter: Path) -> int:
    """Count the classes of the trained head in the adapter's weights."""
    path = adapter / "adapter_model.safetensors"
    if not path.exists():
        raise SystemExit(f"{adapter} has no adapter_model.safetensors: save the checkpoint as safetensors")
    with safe_open(path, framework="pt") as weights:
        heads = [key for key in weights.keys() if key.endswith(("score.weight", "classifier.weight"))]  # noqa: SIM118
        if len(heads) != 1:
            raise SystemExit(f"{path} holds no trained head (score.weight): the classes of the merged model would be random")
        rows: int = weights.get_slice(heads[0]).get_shape()[0]
    return rows


def make_config(base: Path, classes: int | None, names: list[str] | None) -> PreTrainedConfig:
    """Read the base's config, and name the classes in it."""
    if not (base / "config.json").exists():
        raise SystemExit(f"{base} has no config.json: it is no model folder")
    config: PreTrainedConfig = AutoConfig.from_pretrained(base)
    if getattr(config, "quantization_config", None) is not None:
        raise SystemExit(f"{base} is quantised: name the folder of the same model in 16 bits")
    if classes is None:
        return config
    if names is not None and len(names) != classes:
        raise SystemExit(f"--classes names {len(names)} classes, and the adapter's head has {classes}")
    known = [name for _, name in named_classes(config)]
    chosen = names or (known if len(known) == classes else [f"LABEL_{number}" for number in range(classes)])
    config.id2label = dict(enumerate(chosen))
    config.label2id = {name: number for number, name in enumerate(chosen)}
    return config


def named_classes(config: PreTrainedConfig) -> list[tuple[int, str]]:
    """List the classes by number."""
    return sorted((int(number), str(name)) for number, name in (config.id2label or {}).items())


def choose_pad(config: PreTrainedConfig, tokenizer: Path, given: int | None) -> int:
    """Choose the padding token of the merged classifier."""
    if given is not None:
        return given
    named = AutoTokenizer.from_pretrained(tokenizer).pad_token_id
    end = config.eos_token_id[0] if isinstance(config.eos_token_id, list) else config.eos_token_id
    found = next((one for one in (named, config.pad_token_id, end) if one is not None), None)
    if found is None:
        raise SystemExit("no padding token is known: give its id with --pad-token")
    return int(found)


def tokenizer_folder(base: Path, adapter: Path) -> Path:
    """Choose the folder with the tokenizer of the training."""
    return adapter if (adapter / "tokenizer.json").exists() else base


def load(base: Path, config: PreTrainedConfig, *, classifies: bool, dtype: str) -> PreTrainedModel:
    """Load the base model with the head that the adapter was trained with."""
    kind = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
    chosen = dtype if dtype == "auto" else getattr(torch, dtype)
    model: PreTrainedModel = kind.from_pretrained(base, config=config, dtype=chosen, attn_implementation="eager")
    model.eval()
    return model


def lay_and_merge(model: PreTrainedModel, adapter: Path, tokenizer: Path) -> tuple[PreTrainedModel, float]:
    """Lay the adapter over the model and merge it; return the merged model and the largest difference of a logit."""
    from peft import PeftModel

    ids = torch.tensor([AutoTokenizer.from_pretrained(tokenizer).encode(SAMPLE)])
    say("laying the adapter over it")
    laid = PeftModel.from_pretrained(model, adapter).eval()
    with torch.inference_mode():
        expected = laid(ids).logits.float()
    say("merging")
    merge_layers(laid)
    with warnings.catch_warnings(action="ignore"):  # that each layer is merged already
        merged: PreTrainedModel = laid.merge_and_unload()
    with torch.inference_mode():
        found = merged(ids).logits.float()
    difference = float((expected - found).abs().max())
    if not difference <= LARGEST_DIFFERENCE[merged.dtype]:
        raise SystemExit(f"the logits of the merged model differ from those of the unmerged one by {difference:.2g}")
    return merged, difference


def merge_layers(laid: torch.nn.Module) -> None:
    """Merge each layer in 64 bits and round it once: PEFT rounds the product and then the sum, which costs up to a bit."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for layer in [each for each in laid.modules() if isinstance(each, BaseTunerLayer)]:
        dtype = layer.get_base_layer().get_parameter("weight").dtype
        layer.to(torch.float64)
        layer.merge(safe_merge=True)
        layer.to(dtype)


def write(model: PreTrainedModel, tokenizer: Path, out: Path) -> None:
    """Write the model and the files of its tokenizer; the folder appears when it is whole."""
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model.save_pretrained(partial)
    for name in TOKENIZER_FILES:
        if (tokenizer / name).exists():
            shutil.copyfile(tokenizer / name, partial / name)
    partial.rename(out)


if __name__ == "__main__":
    main()
