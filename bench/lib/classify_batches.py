"""Classify prompts with transformers as the published two-GPU system does: sorted by length, in padded batches of 4.

Run as: python classify_batches.py MODEL [--batch 4] [--threads 2] < prompts.json > result.json

prompts.json: {"prompts": [[token ids], ...]};  result.json: {"seconds", "tokens", "probabilities"}. The time is that of the
forward passes alone, without loading the model and without tokenising; "tokens" are those of the prompts, without padding.
"""

import argparse
import json
import sys
import time

import torch
from transformers import AutoModelForSequenceClassification


def main() -> None:
    """Read the prompts, classify them, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    prompts: list[list[int]] = json.load(sys.stdin)["prompts"]
    torch.set_num_threads(options.threads)
    model = AutoModelForSequenceClassification.from_pretrained(options.model, dtype=torch.float32).eval()
    pad = model.config.pad_token_id
    order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
    probabilities: list[list[float]] = [[]] * len(prompts)
    began = time.perf_counter()
    with torch.inference_mode():
        for start in range(0, len(order), options.batch):
            rows = order[start : start + options.batch]
            width = max(len(prompts[row]) for row in rows)
            ids = torch.tensor([prompts[row] + [pad] * (width - len(prompts[row])) for row in rows])
            mask = torch.tensor([[1] * len(prompts[row]) + [0] * (width - len(prompts[row])) for row in rows])
            found = torch.softmax(model(input_ids=ids, attention_mask=mask).logits, dim=-1)
            for row, values in zip(rows, found.tolist(), strict=True):
                probabilities[row] = values
    seconds = time.perf_counter() - began
    json.dump({"seconds": seconds, "tokens": sum(map(len, prompts)), "probabilities": probabilities}, sys.stdout)


if __name__ == "__main__":
    main()
