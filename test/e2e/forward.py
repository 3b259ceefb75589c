"""Plain forward passes, as the reference that the served probabilities are held against.

Run as: python forward.py MODEL < prompts.json > logprobs.json

prompts.json:  {"prompts": [[token ids], ...], "ids": [label token ids]}
logprobs.json: one list for each prompt: the float32 log probabilities (nats, whole vocabulary) of the label ids as the
next token. One prompt at a time, no cache, no padding: as simple as it can be written.
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM


def main() -> None:
    asked = json.load(sys.stdin)
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    answers = []
    with torch.inference_mode():
        for prompt in asked["prompts"]:
            logits = model(torch.tensor([prompt])).logits[0, -1].to(torch.float64)
            answers.append(torch.log_softmax(logits, dim=-1)[asked["ids"]].tolist())
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
