"""Plain forward passes of a classifier, as the reference that the served probabilities are held against.

Run as: python forward_classes.py MODEL < prompts.json > probabilities.json

prompts.json:        {"prompts": [[token ids], ...]}
probabilities.json:  one list for each prompt: the float32 probabilities of the classes, in the order of id2label.
One prompt at a time, no cache, no padding. The attention is transformers' plain one ("eager"), because the default one ignores
the soft cap of Gemma 2.
"""

import argparse
import json
import sys

import torch
from transformers import AutoModelForSequenceClassification


def main() -> None:
    """Read the prompts, and write their probabilities."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder of the model")
    options = parser.parse_args()
    asked = json.load(sys.stdin)
    # Several threads that wait for each other lose most of their time on a busy machine.
    torch.set_num_threads(1)
    model = AutoModelForSequenceClassification.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    answers = []
    with torch.inference_mode():
        for prompt in asked["prompts"]:
            logits = model(torch.tensor([prompt])).logits[0].to(torch.float64)
            answers.append(torch.softmax(logits, dim=-1).tolist())
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
