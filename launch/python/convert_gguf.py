"""Turn a GGUF file into a model folder that vLLM and abtie read: float32 safetensors, tokenizer.json, chat template.

Run as: python convert_gguf.py MODEL.gguf OUT    (with an interpreter that has transformers, gguf and accelerate)

The weights are de-quantised once, here: what is served is then an ordinary float32 model whose numbers can be compared with
a plain forward pass. Before the script ends it loads what it wrote and compares it with what it read: token ids of a text
in several scripts, the rendered chat template, and the logits of one prompt.

What is covered: models whose architecture transformers can read from GGUF (Llama-like ones among others).
What is not: the quantised form itself; the folder is four bytes a parameter large.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

# Several scripts, an emoji, code and white space: what a tokenizer that was saved wrongly gets wrong.
SAMPLE = "Which is better: A, B or tie?\n\n\tdef f(x):  return x**2\nÜber 20 %, да, 你好, مرحبا 🙂"
CHAT = [{"role": "user", "content": "Say A."}]
LARGEST_DIFFERENCE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path, help="the GGUF file")
    parser.add_argument("out", type=Path, help="folder that is written")
    options = parser.parse_args()

    source = {"pretrained_model_name_or_path": str(options.gguf.parent), "gguf_file": options.gguf.name}
    print("reading the tokenizer", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    print("de-quantising the weights", flush=True)
    model = as_plain(AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)).eval()
    print("writing float32 weights", flush=True)
    model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    print("comparing what was written with what was read", flush=True)
    difference = compare(model, tokenizer, options.out)
    print(f"the largest difference between two logits is {difference:.1e}", flush=True)


def as_plain(model):
    """Remove the marks of quantisation; with them save_pretrained refuses to write the weights as they are now."""
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model, "quantization_method"):
        model.quantization_method = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    return model


def compare(model, tokenizer, out: Path) -> float:
    """Load the written folder, compare it, and return the largest difference between two logits."""
    if not (out / "tokenizer.json").exists():
        raise SystemExit(f"{out} has no tokenizer.json")
    written = AutoTokenizer.from_pretrained(out)
    if written.encode(SAMPLE) != tokenizer.encode(SAMPLE):
        raise SystemExit("the written tokenizer gives other token ids than the one that was read")
    check_chat_template(written, tokenizer, out)
    ids = torch.tensor([written.encode(SAMPLE)])
    with torch.inference_mode():
        expected = model(ids).logits
        found = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()(ids).logits
    difference = (expected - found).abs().max().item()
    if not difference <= LARGEST_DIFFERENCE:
        raise SystemExit(f"the written model differs from the one that was read: by {difference} in a logit")
    return difference


def check_chat_template(written, tokenizer, out: Path) -> None:
    """Check that the chat template came along, in one of the two places where servers and abtie look for it."""
    settings = json.loads((out / "tokenizer_config.json").read_text(encoding="utf-8"))
    if not (out / "chat_template.jinja").exists() and "chat_template" not in settings:
        raise SystemExit(f"{out} has no chat template: the GGUF file lacks tokenizer.chat_template")
    rendered = [each.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True) for each in (written, tokenizer)]
    if rendered[0] != rendered[1] or CHAT[0]["content"] not in rendered[0]:
        raise SystemExit("the written chat template renders differently from the one that was read")


if __name__ == "__main__":
    main()
