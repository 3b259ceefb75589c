"""Turn a GGUF file into a model folder that vLLM and abtie read: float32 safetensors, tokenizer.json, chat template.

Run as: python convert_gguf.py MODEL.gguf OUT    (with an interpreter that has transformers, gguf and accelerate)

The weights are de-quantised here, once: the served model is then an ordinary float32 model whose numbers can be compared
with a plain forward pass. Before the program ends, it loads the folder that it wrote and compares it with the GGUF file:
token ids of a text in several scripts, the rendered chat template, and the logits of one prompt.

Supported: every architecture that transformers can read from GGUF, Llama among others.
Not supported: keeping the quantised form. The folder takes four bytes for each parameter.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

# Several scripts, an emoji, code and white space: a tokenizer that was saved wrongly fails on one of them.
SAMPLE = "Which is better: A, B or tie?\n\n\tdef f(x):  return x**2\nÜber 20 %, да, 你好, مرحبا 🙂"
CHAT = [{"role": "user", "content": "Say A."}]
LARGEST_DIFFERENCE = 1e-3


def main() -> None:
    """Convert the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path, help="the GGUF file")
    parser.add_argument("out", type=Path, help="folder to write")
    options = parser.parse_args()

    source = {"pretrained_model_name_or_path": str(options.gguf.parent), "gguf_file": options.gguf.name}
    print("reading the tokenizer", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    print("de-quantising the weights", flush=True)
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32).eval()
    remove_marks(model)
    print("writing float32 weights", flush=True)
    model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    print("comparing the written model with the original", flush=True)
    difference = compare(model, tokenizer, options.out)
    print(f"the largest difference between two logits is {difference:.1e}", flush=True)


def remove_marks(model: Any) -> None:  # noqa: ANN401
    """Remove the marks of quantisation, with which save_pretrained refuses to write de-quantised weights."""
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model, "quantization_method"):
        model.quantization_method = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def compare(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, out: Path) -> float:
    """Load the written folder, compare it with the original, and return the largest difference between two logits."""
    if not (out / "tokenizer.json").exists():
        raise SystemExit(f"{out} has no tokenizer.json")
    written = AutoTokenizer.from_pretrained(out)
    if written.encode(SAMPLE) != tokenizer.encode(SAMPLE):
        raise SystemExit("the written tokenizer gives other token ids than the original")
    check_chat_template(written, tokenizer, out)
    ids = torch.tensor([written.encode(SAMPLE)])
    with torch.inference_mode():
        expected = model(ids).logits
        found = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()(ids).logits
    difference = float((expected - found).abs().max())
    if not difference <= LARGEST_DIFFERENCE:
        raise SystemExit(f"the logits of the written model differ from those of the original by up to {difference}")
    return difference


def check_chat_template(written: PreTrainedTokenizerBase, tokenizer: PreTrainedTokenizerBase, out: Path) -> None:
    """Check that the chat template was written, in one of the two places where servers and abtie look for it."""
    settings = json.loads((out / "tokenizer_config.json").read_text(encoding="utf-8"))
    if not (out / "chat_template.jinja").exists() and "chat_template" not in settings:
        raise SystemExit(f"{out} has no chat template: the GGUF file lacks tokenizer.chat_template")
    rendered = [each.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True) for each in (written, tokenizer)]
    if rendered[0] != rendered[1] or CHAT[0]["content"] not in rendered[0]:
        raise SystemExit("the written chat template renders another text than the original")


if __name__ == "__main__":
    main()
