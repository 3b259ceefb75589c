"""Write a random LoRA adapter of a model, and the model with the adapter merged into its weights.

Run as: python lora_adapter.py MODEL ADAPTER MERGED [--rank 8] [--alpha 16] [--seed 0]
    (with an interpreter that has torch, transformers and safetensors; peft is not needed)

ADAPTER gets adapter_config.json and adapter_model.safetensors, as peft writes them, for the query and value projections of
every layer. MERGED gets the weights W + (alpha / rank) * B A and the files of the tokenizer. A and B are random and large enough to
change the answers: the program prints the largest change of a weight beside the largest weight.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

TARGETS = ("q_proj", "v_proj")
SPREAD = 0.05


def main() -> None:
    """Write both folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("merged", type=Path)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    generator = torch.Generator().manual_seed(options.seed)
    adapter: dict[str, torch.Tensor] = {}
    largest = {"weight": 0.0, "change": 0.0}
    with torch.no_grad():
        for name, module in model.named_modules():
            if name.rpartition(".")[2] not in TARGETS:
                continue
            down = torch.randn(options.rank, module.in_features, generator=generator) * SPREAD
            up = torch.randn(module.out_features, options.rank, generator=generator) * SPREAD
            adapter[f"base_model.model.{name}.lora_A.weight"] = down
            adapter[f"base_model.model.{name}.lora_B.weight"] = up
            change = options.alpha / options.rank * (up @ down)
            largest["weight"] = max(largest["weight"], float(module.weight.abs().max()))
            largest["change"] = max(largest["change"], float(change.abs().max()))
            module.weight += change
    write_adapter(options, adapter)
    model.save_pretrained(options.merged)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (options.model / name).exists():
            shutil.copyfile(options.model / name, options.merged / name)
    print(json.dumps({"tensors": len(adapter), **largest}))


def write_adapter(options: argparse.Namespace, adapter: dict[str, torch.Tensor]) -> None:
    """Write the files of an adapter."""
    options.adapter.mkdir(parents=True, exist_ok=True)
    save_file(adapter, options.adapter / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(options.model),
        "r": options.rank,
        "lora_alpha": options.alpha,
        "lora_dropout": 0.0,
        "target_modules": list(TARGETS),
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "modules_to_save": None,
    }
    (options.adapter / "adapter_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
