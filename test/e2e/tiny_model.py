"""Write a model folder with a tiny network of random weights and the tokenizer of a real model.

Run as: python tiny_model.py ARCHITECTURE TOKENIZER OUT [--template FILE] [--seed 0] [--wide]
    (with an interpreter that has torch and transformers)

ARCHITECTURE is a key of ARCHITECTURES: qwen3, llama, gemma2, gemma3, mistral, qwen2, phi3. TOKENIZER is a folder with tokenizer.json
and tokenizer_config.json, which are copied. The network has two layers and 64 hidden values, so that almost all of it is
the vocabulary. A server treats such a folder as it treats the large model: it reads the same config class, the same
tokenizer and the same chat template.

--wide makes layers of the sizes that kernels for 4- and 8-bit weights ask for (1,024 hidden values).

The weights are drawn with a large spread, because the default of transformers (0.02) gives every token almost the same
probability, and a wrong prompt would then change nothing.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PreTrainedConfig,
    Qwen2Config,
    Qwen3Config,
)

ARCHITECTURES: dict[str, type[PreTrainedConfig]] = {
    "gemma2": Gemma2Config,
    "gemma3": Gemma3TextConfig,
    "llama": LlamaConfig,
    "mistral": MistralConfig,
    "phi3": Phi3Config,
    "qwen2": Qwen2Config,
    "qwen3": Qwen3Config,
}
SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 4096,
    "initializer_range": 0.2,
    "tie_word_embeddings": False,
}
WIDE = {
    "hidden_size": 1024,
    "intermediate_size": 2048,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 128,
    "initializer_range": 0.05,
}
# vLLM's attention on the CPU takes heads of 32 values and more.
HEAD_DIM = {"head_dim": 32}


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architecture", choices=sorted(ARCHITECTURES))
    parser.add_argument("tokenizer", type=Path, help="folder with tokenizer.json and tokenizer_config.json")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--template", type=Path, help="chat template that replaces the tokenizer's own")
    parser.add_argument("--seed", type=int, default=0, help="seed of the weights (default 0)")
    parser.add_argument("--wide", action="store_true", help="layers of 1,024 hidden values")
    options = parser.parse_args()

    options.out.mkdir(parents=True, exist_ok=True)
    copy_tokenizer(options.tokenizer, options.template, options.out)
    config = make_config(options.architecture, options.tokenizer, options.wide)
    torch.manual_seed(options.seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(options.out)
    # save_pretrained writes one, and a server reads sampling settings from it.
    (options.out / "generation_config.json").unlink(missing_ok=True)
    print(json.dumps({"parameters": sum(each.numel() for each in model.parameters()), "vocabulary": config.vocab_size}))


def copy_tokenizer(source: Path, template: Path | None, out: Path) -> None:
    """Copy the tokenizer's files, with another chat template when one is given."""
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (source / name).exists():
            shutil.copyfile(source / name, out / name)
    if template is not None:
        shutil.copyfile(template, out / "chat_template.jinja")


def make_config(architecture: str, tokenizer: Path, wide: bool) -> PreTrainedConfig:
    """Make the config of a tiny model whose vocabulary holds every token of the tokenizer."""
    definition = json.loads((tokenizer / "tokenizer.json").read_text(encoding="utf-8"))
    added = [token["id"] for token in definition["added_tokens"]]
    vocabulary = max(len(definition["model"]["vocab"]), *(token + 1 for token in added))
    # A server splits the vocabulary into blocks of 64.
    padded = -(-vocabulary // 64) * 64
    special = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    shape = SHAPE if architecture == "phi3" else {**SHAPE, **HEAD_DIM}
    return ARCHITECTURES[architecture](vocab_size=padded, **special, **{**shape, **(WIDE if wide else {})})


if __name__ == "__main__":
    main()
