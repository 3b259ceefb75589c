"""Write a classifier's folder with weights of 8 or 4 bits, rounded to the nearest, in a format that vLLM serves.

Run as: python quantise_classifier.py CLASSIFIER OUT KIND [--group 64]
    (with an interpreter that has torch and safetensors)

KIND is gptq-4, gptq-8 or awq (4 bits): weights alone, symmetric, a scale for each group of inputs; or int8: weights with a
scale for each output (vLLM rounds the inputs to 8 bits too). The linear layers of the body are replaced; embedding, norms and
score keep 16 bits.
Rounding to the nearest is the simplest way and not the best: what a calibrated quantisation loses is less.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

INT8 = {
    "quant_method": "compressed-tensors",
    "format": "int-quantized",
    "quantization_status": "compressed",
    "ignore": ["score"],
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel", "dynamic": False},
            "input_activations": {
                "num_bits": 8,
                "type": "int",
                "symmetric": True,
                "strategy": "token",
                "dynamic": True,
            },
        }
    },
}
# AWQ puts the values of eight outputs into a word in this order, the first into the lowest bits.
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("kind", choices=["awq", "gptq-4", "gptq-8", "int8"])
    parser.add_argument("--group", type=int, default=64)
    options = parser.parse_args()

    shutil.copytree(options.model, options.out, ignore=shutil.ignore_patterns("*.safetensors"), dirs_exist_ok=True)
    bits = 8 if options.kind == "gptq-8" else 4
    tensors: dict[str, torch.Tensor] = {}
    for name, value in load_file(options.model / "model.safetensors").items():
        if not name.endswith("_proj.weight"):
            tensors[name] = value.half()
        elif options.kind == "int8":
            scale = (value.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-8)
            tensors[name] = (value / scale).round().clamp(-127, 127).to(torch.int8)
            tensors[f"{name}_scale"] = scale.half()
        else:
            layer = name.removesuffix(".weight")
            parts = awq(value, options.group) if options.kind == "awq" else gptq(value, bits, options.group)
            tensors |= {f"{layer}.{part}": each for part, each in parts.items()}
    save_file(tensors, options.out / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((options.out / "config.json").read_text())
    config |= {"quantization_config": method(options.kind, bits, options.group), "dtype": "float16"}
    (options.out / "config.json").write_text(json.dumps(config, indent=2))
    print(json.dumps({"bytes": sum(each.numel() * each.element_size() for each in tensors.values())}))


def method(kind: str, bits: int, group: int) -> dict[str, Any]:
    """Describe the form as config.json does."""
    if kind == "int8":
        return INT8
    if kind == "awq":
        kept = {"modules_to_not_convert": ["score"]}
        return {"quant_method": "awq", "bits": bits, "group_size": group, "zero_point": True, "version": "gemm"} | kept
    return {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": False, "sym": True}


def gptq(weight: torch.Tensor, bits: int, group: int) -> dict[str, torch.Tensor]:
    """Pack a weight (outputs, inputs) as GPTQ does: values along the inputs in words of 32 bits, zero points minus one."""
    outputs, inputs = weight.shape
    values, scale = to_groups(weight, bits, group)
    zeros = torch.full((inputs // group, outputs), 2 ** (bits - 1) - 1)
    return {
        "qweight": pack(values, bits).T.contiguous(),
        "qzeros": pack(zeros, bits),
        "scales": scale,
        "g_idx": (torch.arange(inputs) // group).to(torch.int32),
    }


def awq(weight: torch.Tensor, group: int) -> dict[str, torch.Tensor]:
    """Pack a weight (outputs, inputs) as AWQ does: eight outputs of 4 bits in a word of 32 bits, in an order of its own."""
    outputs, inputs = weight.shape
    values, scale = to_groups(weight, 4, group)
    zeros = torch.full((inputs // group, outputs), 8)
    ordered = [each.reshape(each.shape[0], -1, 8)[:, :, AWQ_ORDER].reshape(each.shape) for each in (values.T, zeros)]
    return {"qweight": pack(ordered[0], 4), "qzeros": pack(ordered[1], 4), "scales": scale}


def to_groups(weight: torch.Tensor, bits: int, group: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Round a weight to numbers from 0 whose middle is zero; returns them (outputs, inputs) and the scales (groups, outputs)."""
    outputs, inputs = weight.shape
    zero = 2 ** (bits - 1)
    groups = weight.float().reshape(outputs, inputs // group, group)
    scale = (groups.abs().amax(dim=2, keepdim=True) / (zero - 1)).clamp(min=1e-8)
    values = ((groups / scale).round() + zero).clamp(0, 2 * zero - 1).reshape(outputs, inputs)
    return values.to(torch.int64), scale.squeeze(2).T.half().contiguous()


def pack(values: torch.Tensor, bits: int) -> torch.Tensor:
    """Pack the last dimension, the first value into the lowest bits."""
    per_word = 32 // bits
    parts = values.to(torch.int64).reshape(*values.shape[:-1], -1, per_word)
    words = (parts << (bits * torch.arange(per_word))).sum(dim=-1)
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


if __name__ == "__main__":
    main()
