"""Write a classifier's folder with weights of 8 or 4 bits, rounded to the nearest, in a format that vLLM serves.

Run as: python quantise_classifier.py CLASSIFIER OUT KIND [--group 64]
    (with an interpreter that has torch and safetensors)

KIND is gptq-4 or gptq-8 (weights alone, symmetric, a scale for each group of inputs), or int8 (weights with a scale for each
output; vLLM rounds the inputs to 8 bits too). The linear layers of the body are replaced; embedding, norms and score keep 16
bits.
Rounding to the nearest is the simplest way and not the best: what a calibrated quantisation loses is less.
"""

import argparse
import json
import shutil
from pathlib import Path

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


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("kind", choices=["gptq-4", "gptq-8", "int8"])
    parser.add_argument("--group", type=int, default=64)
    options = parser.parse_args()

    shutil.copytree(options.model, options.out, ignore=shutil.ignore_patterns("*.safetensors"), dirs_exist_ok=True)
    bits = 4 if options.kind == "gptq-4" else 8
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
            tensors |= {f"{layer}.{part}": each for part, each in gptq(value, bits, options.group).items()}
    save_file(tensors, options.out / "model.safetensors", metadata={"format": "pt"})
    method = {"quant_method": "gptq", "bits": bits, "group_size": options.group, "desc_act": False, "sym": True}
    config = json.loads((options.out / "config.json").read_text())
    config |= {"quantization_config": INT8 if options.kind == "int8" else method, "dtype": "float16"}
    (options.out / "config.json").write_text(json.dumps(config, indent=2))
    print(json.dumps({"bytes": sum(each.numel() * each.element_size() for each in tensors.values())}))


def gptq(weight: torch.Tensor, bits: int, group: int) -> dict[str, torch.Tensor]:
    """Pack a weight (outputs, inputs) as GPTQ does: values along the inputs in words of 32 bits, zero points minus one."""
    outputs, inputs = weight.shape
    zero = 2 ** (bits - 1)
    groups = weight.float().reshape(outputs, inputs // group, group)
    scale = (groups.abs().amax(dim=2, keepdim=True) / (zero - 1)).clamp(min=1e-8)
    values = ((groups / scale).round() + zero).clamp(0, 2 * zero - 1).reshape(outputs, inputs).T
    zeros = torch.full((inputs // group, outputs), zero - 1)
    return {
        "qweight": pack(values.to(torch.int64).T.contiguous(), bits).T.contiguous(),
        "qzeros": pack(zeros, bits),
        "scales": scale.squeeze(2).T.half().contiguous(),
        "g_idx": (torch.arange(inputs) // group).to(torch.int32),
    }


def pack(values: torch.Tensor, bits: int) -> torch.Tensor:
    """Pack the last dimension, the first value into the lowest bits."""
    per_word = 32 // bits
    parts = values.to(torch.int64).reshape(*values.shape[:-1], -1, per_word)
    words = (parts << (bits * torch.arange(per_word))).sum(dim=-1)
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


if __name__ == "__main__":
    main()
