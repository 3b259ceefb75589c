"""Compare a classifier merged by `abtie merge` with the unmerged one in transformers, on texts of a CSV file.

Run as: PYTHONPATH=PEFT python bench/merge_parity.py BASE FOLDER [--rows 100] [--input examples/rows.csv]
    (with an interpreter that has torch and transformers; PEFT is ~/.cache/abtie/tools/peft-0.21.2 after an `abtie merge`)

FOLDER gets adapter/, a PEFT checkpoint with random weights as if it were trained (LoRA of rank 4 on the seven projections and
a head of three classes, modules_to_save), and merged/, which abtie writes. The head is scaled so that logits have a standard
deviation of --spread, 1.5 as those of a trained one: merged and unmerged round differently, and a larger head enlarges what they
differ by. Both read the same token ids, in float32, one text at a time.
Prints the largest difference of a probability, and the largest change of one by the adapter.
"""

import argparse
import csv
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
    """Write the adapter, merge it, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--input", type=Path, default=Path("examples/rows.csv"))
    parser.add_argument("--spread", type=float, default=1.5)
    parser.add_argument("--abtie", default="node dist/cli/main.js")
    options = parser.parse_args()

    # Several threads that wait for each other lose most of their time on a busy machine.
    torch.set_num_threads(1)
    shutil.rmtree(options.folder, ignore_errors=True)
    adapter, merged = options.folder / "adapter", options.folder / "merged"
    laid = write_adapter(options.base, adapter, options.spread)
    arguments = ["merge", "--base", options.base, "--adapter", adapter, "-o", merged, "--classes", "A,B,tie", "--json"]
    done = subprocess.run([*shlex.split(options.abtie), *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    csv.field_size_limit(sys.maxsize)
    with options.input.open(encoding="utf-8", newline="") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(options.rows), strict=False)]
    prompts = [tokenizer.encode(f"{row['response_a']}\n\n{row['response_b']}")[:LONGEST] for row in rows]
    expected = probabilities(laid, prompts)
    with laid.disable_adapter():
        before = probabilities(laid, prompts)
    found = probabilities(AutoModelForSequenceClassification.from_pretrained(merged, dtype=torch.float32).eval(), prompts)
    result = {
        "rows": len(prompts),
        "largest_difference": float((found - expected).abs().max()),
        "largest_change_by_adapter": float((found - before).abs().max()),
        "abtie": json.loads(done.stdout),
    }
    print(json.dumps(result, indent=2))


def write_adapter(base: Path, out: Path, spread: float) -> PreTrainedModel:
    """Lay a random adapter over the base and save it; returns the model with the adapter."""
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, dtype=torch.float32)
    lora = peft.LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=TARGETS)
    laid = peft.get_peft_model(model, lora)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in laid.named_parameters():
            if parameter.requires_grad:
                parameter.normal_(0, 0.3 if "score" in name else 0.03)
        texts = torch.randint(3, model.config.vocab_size, (PROMPTS, TOKENS))
        logits = torch.cat([laid.eval()(text[None]).logits for text in texts])
        for name, parameter in laid.named_parameters():
            if parameter.requires_grad and "score" in name:
                parameter.mul_(spread / logits.std())
    laid.save_pretrained(out)
    return laid.eval()


def probabilities(model: PreTrainedModel, prompts: list[list[int]]) -> torch.Tensor:
    """Class probabilities of each prompt."""
    with torch.inference_mode():
        return torch.stack([torch.softmax(model(torch.tensor([ids])).logits[0].double(), dim=-1) for ids in prompts])


if __name__ == "__main__":
    main()
