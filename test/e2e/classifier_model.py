"""Write a folder with a 3-class classifier: the body of a language model and a head of random weights.

Run as: python classifier_model.py BODY OUT [--classes A,B,tie] [--pad 2] [--seed 0]
    (with an interpreter that has torch and transformers)

BODY is a folder that AutoModelForCausalLM loads. Its tokenizer files are copied. The classes are the names in id2label, in
this order. The head is scaled so that the logits of random prompts have a standard deviation of 1.5: with a smaller one every
prompt has almost the same probabilities, with a larger one they are 0 and 1, and a wrong prompt would change nothing.
--pad is the id of the padding token: transformers reads the last token that is not one.
"""

import argparse
import json
from pathlib import Path

import torch
from tiny_model import copy_tokenizer
from transformers import AutoModelForSequenceClassification

SPREAD = 1.5
PROMPTS, TOKENS = 16, 24


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("body", type=Path, help="folder of a language model")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--classes", default="A,B,tie", help="names of the classes (default A,B,tie)")
    parser.add_argument("--pad", type=int, help="id of the padding token (default that of BODY)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the head (default 0)")
    options = parser.parse_args()

    names = options.classes.split(",")
    pad = {} if options.pad is None else {"pad_token_id": options.pad}
    model = AutoModelForSequenceClassification.from_pretrained(
        options.body,
        dtype=torch.float32,
        id2label=dict(enumerate(names)),
        label2id={name: number for number, name in enumerate(names)},
        **pad,
    )
    torch.manual_seed(options.seed)
    with torch.no_grad():
        model.score.weight.normal_()
        prompts = torch.randint(3, model.config.vocab_size, (PROMPTS, TOKENS))
        logits = torch.cat([model.eval()(prompt[None]).logits for prompt in prompts])
        model.score.weight.mul_(SPREAD / logits.std())
    options.out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(options.out)
    copy_tokenizer(options.body, None, options.out)
    print(json.dumps({"classes": names, "pad": model.config.pad_token_id}))


if __name__ == "__main__":
    main()
