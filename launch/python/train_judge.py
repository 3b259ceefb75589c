"""Train a judge on examples: small matrices (LoRA) over a base model, with a classifier's head or the model's own label tokens.

Run as: python train_judge.py DATA RECIPE.json OUT [--deadline SECONDS] [--resume]
    (with an interpreter that has torch, transformers, accelerate and peft; in 4 or 8 bits also bitsandbytes. On several GPUs:
    torchrun --nproc-per-node N train_judge.py ...)

DATA    folder that `abtie prepare` writes: data.json and examples.jsonl.
RECIPE  the recipe with every key, as `abtie train` writes it.
OUT     folder of the training:
        checkpoint-N/   adapter, head, optimiser and random states after step N. One without complete.json was cut off
        final/          the trained PEFT folder: adapter_config.json, adapter_model.safetensors, files of the tokenizer
        curve.jsonl     the lines "progress" and "held_out" that were printed
        held_out.jsonl  {"id", "order", "logits"} of each held-out prompt at the last evaluation: logits of the classifier,
                        or log probabilities of the labels; of a chat "loss", "tokens" and "guessed" of its answer
        recipe.json     the recipe; state.json: the hash of the examples
        README.md       what was trained on what, with the curve
--deadline  seconds from now. Training stops in time for a checkpoint and final/; the held-out rows are judged if time is left.
--resume    continue from the last whole checkpoint; without one, from the beginning. The recipe and the examples must be the
            same. The curve is then the one that a training without the break has.

Prints one JSON object a line:
{"step": TEXT} before each stage,
{"parameters": {"trained": n, "all": n}} before the first step,
{"progress": {"step", "of", "loss", "learning_rate", "tokens_per_second", "memory_gib"}} after each step,
{"held_out": {"step", "log_loss", "accuracy", "mass" (null for a classifier), "rows", "prior_log_loss"}} after each evaluation,
{"done": {"out", "step", "of", "stopped" (null, or "deadline"), "log_loss", "prior_log_loss"}} at the end.
Losses are in nats. The loss over the vocabulary also counts the probability that is not on the labels; the held-out log loss
never does: it is that of the probabilities of the classes, whose sum is 1. Of the head answer, every loss is the mean over the
tokens of the answers (nats a token), the accuracy is the share of tokens that the model finds most probable; there is no prior.

SIGTERM and SIGINT save a checkpoint after the step and end with status 130. A loss that is no number, or that has grown beyond
twice its first mean, ends with status 1, and the last line of stderr names the step and the learning rate.
"""

import argparse
import json
import os
import time
from pathlib import Path


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the examples")
    parser.add_argument("recipe", type=Path, help="recipe with every key, JSON")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--deadline", type=float, help="seconds from now")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    options = parser.parse_args()
    ends_at = None if options.deadline is None else time.monotonic() + options.deadline
    if "LOCAL_RANK" not in os.environ:
        # Trainer would spread batches over all GPUs that it sees, which is slow and changes the batch: torchrun is for that.
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps({"step": "loading the libraries"}), flush=True)
    from judge_training import leave, train

    try:
        end = train(options.data, options.recipe, options.out, ends_at=ends_at, resume=options.resume)
    except SystemExit as refusal:
        leave(refusal.code)
    leave(end)


if __name__ == "__main__":
    main()
