"""Write a Llama-type model with more layers, which add nothing: the same answers at a higher cost.

Run as: python deepen.py MODEL OUT --times 5    (a Python with safetensors and torch, such as that of `abtie setup`)

Each layer is followed by copies of it whose last projections, of attention and of the feed-forward part, are zero, so that
nothing is added to the residual. It stands for a larger judge of a known quality where no larger model can be had.

Prints one JSON object: {"layers": number}.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

LAYER = re.compile(r"^model\.layers\.(\d+)\.(.+)$")
ADDING = ("self_attn.o_proj.weight", "mlp.down_proj.weight")


def deepen(weights: dict[str, torch.Tensor], times: int) -> dict[str, torch.Tensor]:
    """Repeat each layer `times` times; all but the first of them add zero."""
    made: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        found = LAYER.match(name)
        if found is None:
            made[name] = tensor
            continue
        layer, part = int(found[1]), found[2]
        for copy in range(times):
            adds = copy == 0 or part not in ADDING
            made[f"model.layers.{layer * times + copy}.{part}"] = tensor.clone() if adds else torch.zeros_like(tensor)
    return made


def main() -> None:
    """Read the model, write the deeper one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True)
    for file in arguments.model.iterdir():
        if file.suffix != ".safetensors" and file.is_file():
            shutil.copy(file, arguments.out)
    weights = load_file(arguments.model / "model.safetensors")
    save_file(deepen(weights, arguments.times), arguments.out / "model.safetensors", metadata={"format": "pt"})
    path = arguments.out / "config.json"
    config = json.loads(path.read_text())
    config["num_hidden_layers"] *= arguments.times
    path.write_text(json.dumps(config, indent=2))
    print(json.dumps({"layers": config["num_hidden_layers"]}))


if __name__ == "__main__":
    main()
