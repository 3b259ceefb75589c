"""Times transformers on a classifier as the published two-GPU system reads it: sorted by length, in padded batches of 4.

Run as: python classify_batches.py MODEL PROMPTS.jsonl [--batch 4] [--dtype float32] [--bits 16] [--random] [--limit ROWS]
Prints READY when the model is loaded and warm, then for each line read from stdin one JSON object: rows, tokens, seconds, device.
Ends when stdin ends.

PROMPTS.jsonl holds a list of token ids a line, cut to the length that the system reads. The time is that of the forward passes
and of making their batches, without tokenising; "tokens" are those of the prompts, without padding. --random makes the weights
instead of loading them, so that a folder needs only a config.json. --bits 8 replaces the linear layers of the body by 8-bit ones
of bitsandbytes.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification

EIGHT = 8


def main() -> None:
    """Load the model, and read all prompts once for each line of stdin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float16"])
    parser.add_argument("--bits", type=int, default=16, choices=[EIGHT, 16])
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()

    with options.prompts.open() as file:
        prompts: list[list[int]] = [json.loads(line) for line in file][: options.limit]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = load(options.model, getattr(torch, options.dtype), device, options.random)
    if options.bits == EIGHT:
        to_8_bits(model, device)
    prompts.sort(key=len, reverse=True)
    batches = [prompts[start : start + options.batch] for start in range(0, len(prompts), options.batch)]
    with torch.inference_mode():
        for batch in [*batches[:2], *batches[-2:]]:
            classify(model, batch, device)
        print("READY", flush=True)
        for _ in sys.stdin:
            began = time.perf_counter()
            for batch in batches:
                classify(model, batch, device)
            seconds = time.perf_counter() - began
            tokens = sum(map(len, prompts))
            result = {"rows": len(prompts), "tokens": tokens, "seconds": seconds, "device": str(device)}
            print(json.dumps(result), flush=True)


def load(folder: str, dtype: torch.dtype, device: torch.device, random: bool) -> nn.Module:
    """Load the model onto the device, or make it there with random weights."""
    if not random:
        return AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype).to(device).eval()
    # Made on the device itself: filling 8 billion weights on a processor takes minutes.
    with device:
        model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(folder), dtype=dtype)
    return model.eval()


def to_8_bits(model: nn.Module, device: torch.device) -> None:
    """Give the linear layers of the body 8-bit weights (LLM.int8, outliers from 6.0 on), as `load_in_8bit` does."""
    import bitsandbytes as bnb

    layers = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, nn.Linear) and name != "score"]
    for name, layer in layers:
        small = bnb.nn.Linear8bitLt(
            layer.in_features, layer.out_features, bias=False, has_fp16_weights=False, threshold=6.0, device="meta"
        )
        # The weights become 8-bit ones on the way from the processor to the device.
        small.weight = bnb.nn.Int8Params(layer.weight.data.cpu(), requires_grad=False, has_fp16_weights=False)
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, small.to(device).eval())
    del layers
    torch.cuda.empty_cache()


def classify(model: nn.Module, batch: list[list[int]], device: torch.device) -> list[list[float]]:
    """Read one batch, padded on the right to its longest prompt. Returns the probabilities of the classes of each row."""
    pad = model.config.pad_token_id
    width = max(map(len, batch))
    ids = torch.tensor([prompt + [pad] * (width - len(prompt)) for prompt in batch], device=device)
    mask = torch.tensor([[1] * len(prompt) + [0] * (width - len(prompt)) for prompt in batch], device=device)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return torch.softmax(logits.float(), dim=-1).tolist()


if __name__ == "__main__":
    main()
