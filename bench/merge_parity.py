"""Compare a classifier merged by `abtie merge` with the unmerged one in transformers, and both with 64-bit arithmetic.

Run as: PYTHONPATH=PEFT python bench/merge_parity.py BASE FOLDER [--rows 100] [--input examples/rows.csv]
            [--adapter CHECKPOINT] [--examples examples.jsonl]
    (with an interpreter that has torch and transformers; PEFT is ~/.cache/abtie/tools/peft-0.21.2 after an `abtie merge`)

FOLDER gets merged/, which abtie writes. --adapter is a trained PEFT checkpoint of a classifier, for example train/final of an
`abtie train`. Without it FOLDER gets adapter/ with random weights as if it were trained (LoRA of rank 4 on the seven projections
and a head of three classes, modules_to_save), the head scaled so that logits have a standard deviation of --spread on random ids.
The prompts are both answers of the rows of --input, or the first of --examples, which `abtie prepare` writes: {"ids": [...]} a
line. All models read the same token ids, in float32, one prompt at a time.

Prints for logits and for probabilities the largest difference of merged and unmerged, and of each from the unmerged model in
float64 (norms and attention too, which transformers computes in float32 otherwise; the angles of the positions are those of
float32). That says whose rounding it is. With --peft also PEFT's own merge, which rounds the product of the matrices and then the
sum; abtie's adds in float64 and rounds once.
"""

import argparse
import csv
import functools
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import peft
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LONGEST = 256
PROMPTS, TOKENS = 16, 24


def main() -> None:
    """Merge the adapter, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--input", type=Path, default=Path("examples/rows.csv"))
    parser.add_argument("--examples", type=Path)
    parser.add_argument("--spread", type=float, default=1.5)
    parser.add_argument("--peft", action="store_true")
    parser.add_argument("--abtie", default="node dist/cli/main.js")
    options = parser.parse_args()

    # Several threads that wait for each other lose most of their time on a busy machine.
    torch.set_num_threads(1)
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    adapter, merged = options.adapter or options.folder / "adapter", options.folder / "merged"
    if options.adapter is None:
        write_adapter(options.base, adapter, options.spread)
    arguments = ["merge", "--base", options.base, "--adapter", adapter, "-o", merged, "--classes", "A,B,tie", "--json"]
    done = subprocess.run([*shlex.split(options.abtie), *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    if options.examples is None:
        prompts = read_rows(options.input, options.base, options.rows)
    else:
        with options.examples.open(encoding="utf-8") as file:
            prompts = [json.loads(line)["ids"][:LONGEST] for line, _ in zip(file, range(options.rows), strict=False)]

    found = {"merged": logits(load(merged), prompts)}
    laid = lay(options.base, adapter, load(merged).config.pad_token_id)
    found["unmerged"] = logits(laid, prompts)
    with laid.disable_adapter():
        without = logits(laid, prompts)
    if options.peft:
        own = lay(options.base, adapter, laid.config.pad_token_id).merge_and_unload(safe_merge=True)
        found["merged_by_peft"] = logits(own, prompts)
    found["float64"] = logits(exact(laid), prompts)
    pairs = [(name, "unmerged") for name in found if name.startswith("merged")]
    pairs += [(name, "float64") for name in found if name != "float64"]
    result = {
        "rows": len(prompts),
        "deviation_of_logits": float(found["float64"].std()),
        "largest_change_by_adapter": largest(found["unmerged"], without)["probability"],
        "largest_difference": {f"{one} - {other}": largest(found[one], found[other]) for one, other in pairs},
        "abtie": json.loads(done.stdout),
    }
    print(json.dumps(result, indent=2))


def write_adapter(base: Path, out: Path, spread: float) -> None:
    """Lay a random adapter over the base and save it."""
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, dtype=torch.float32)
    lora = peft.LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=TARGETS)
    laid = peft.get_peft_model(model, lora)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in laid.named_parameters():
            if parameter.requires_grad:
                parameter.normal_(0, 0.3 if "score" in name else 0.03)
        texts = torch.randint(3, model.config.vocab_size, (PROMPTS, TOKENS))
        scale = spread / logits(laid.eval(), texts.tolist()).std()
        for name, parameter in laid.named_parameters():
            if parameter.requires_grad and "score" in name:
                parameter.mul_(scale)
    laid.save_pretrained(out)


def read_rows(path: Path, base: Path, rows: int) -> list[list[int]]:
    """Encode both answers of the first rows, cut on the right."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        texts = [f"{row['response_a']}\n\n{row['response_b']}" for row, _ in zip(csv.DictReader(file), range(rows), strict=False)]
    return [tokenizer.encode(text)[:LONGEST] for text in texts]


def load(folder: Path) -> PreTrainedModel:
    """Load the merged classifier."""
    return AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()


def lay(base: Path, adapter: Path, pad: int) -> PreTrainedModel:
    """Lay the adapter over the base, unmerged."""
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, pad_token_id=pad, dtype=torch.float32)
    return peft.PeftModel.from_pretrained(model, adapter).eval()


def exact(model: PreTrainedModel) -> PreTrainedModel:
    """Turn a model into one that computes in 64 bits."""
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = functools.partial(normalise, module)
    model.get_base_model().set_attn_implementation("sdpa")
    return model.double()


def normalise(norm: torch.nn.Module, hidden: torch.Tensor) -> torch.Tensor:
    """Divide by the root of the mean square, in the precision of the input."""
    return norm.weight * hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon)


def logits(model: PreTrainedModel, prompts: list[list[int]]) -> torch.Tensor:
    """Logits of the classes of each prompt."""
    with torch.inference_mode():
        return torch.stack([model(torch.tensor([ids])).logits[0].double() for ids in prompts])


def largest(one: torch.Tensor, other: torch.Tensor) -> dict[str, float]:
    """Find the largest difference of a logit and of a probability."""
    probabilities = (torch.softmax(one, dim=-1) - torch.softmax(other, dim=-1)).abs().max()
    return {"logit": float((one - other).abs().max()), "probability": float(probabilities)}


if __name__ == "__main__":
    main()
