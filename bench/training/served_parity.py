"""Compare the label log probabilities of a served model with those of transformers on the same token ids.

Run as: python served_parity.py MADE NAME [--dtype float32]   (an interpreter with torch and transformers; for a quantised model that of
    `abtie setup --train` for quantising, tools/quantizer-*/bin/python)

MADE   folder of `abtie make` of a recipe with the head label. NAME: merged or quantized, a model of its proof.
--dtype  in which transformers computes; a quantised model is unpacked into it.

Prints one JSON object: rows, and the largest and mean absolute difference of a label's log probability (nats) and of a probability
among the labels.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

FOLDERS = {"merged": "merged", "quantized": "quantized"}


def main() -> None:
    """Compare the model that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", type=Path, help="folder of `abtie make`")
    parser.add_argument("name", choices=sorted(FOLDERS), help="model of the proof")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    made: Path = options.made
    about = json.loads((made / "data" / "data.json").read_text())
    labels = [about["labels"][name] for name in about["classes"]]
    prompts = {each["id"]: each["ids"] for each in read_lines(made / "data" / "examples.jsonl") if each["order"] == "ab"}
    dtype = getattr(torch, options.dtype)
    model = AutoModelForCausalLM.from_pretrained(made / FOLDERS[options.name] / "model", dtype=dtype).eval()
    served, plain = [], []
    for row in read_lines(made / "proof" / "runs" / options.name / "rows.jsonl"):
        served.append(row["ab"]["logProbs"])
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([prompts[row["id"]]]), logits_to_keep=1).logits[0, -1]
        everything = torch.log_softmax(logits.float(), dim=-1)
        plain.append([float(torch.logsumexp(everything[tokens], dim=-1)) for tokens in labels])
    one, other = torch.tensor(served, dtype=torch.float64), torch.tensor(plain, dtype=torch.float64)
    nats, shares = (one - other).abs(), (one.softmax(-1) - other.softmax(-1)).abs()
    found = {"log_probability": nats, "probability": shares}
    numbers = {name: {"largest": float(each.max()), "mean": float(each.mean())} for name, each in found.items()}
    print(json.dumps({"model": options.name, "dtype": options.dtype, "rows": len(served)} | numbers))


def read_lines(path: Path) -> list[dict]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()
