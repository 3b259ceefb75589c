#!/usr/bin/env bash
# Trains the same small judge on one GPU, on two with a copy of the base each, and on two that share the base (load.shard), in 4 bits:
# the losses of the three must agree, and the memory be smaller where the base is shared.
#
# Run as: bench/gpu/sharded-training.sh PYTHON DATA BASE OUT
#   PYTHON  an interpreter with torch, transformers, peft and bitsandbytes, on a machine with two GPUs
#   DATA    folder of `abtie prepare` for BASE, head label, both orders
#   BASE    folder of the model, for example Gemma-2-9B's shape with random weights
#   OUT     folder to write; prints one line for each training: losses of the first and last steps, memory of one GPU, exit status
set -uo pipefail
python=$1 data=$2 base=$3 out=$4
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$out"

recipe() { # recipe NAME SHARD BATCH: batch times devices is 8 everywhere
  cat > "$out/$1.json" <<JSON
{"base": "$base", "head": "label", "loss": "vocabulary", "data": {"folds": {"by": "prompt", "count": 5, "held_out": 0}},
 "lora": {"r": 16, "alpha": 32, "dropout": 0, "targets": "all-linear", "layers": null, "bias": "none"},
 "load": {"bits": 4, "quant": "nf4", "double": true, "compute": "bfloat16", "attention": "eager", "checkpointing": true, "shard": $2},
 "training": {"epochs": 1, "batch": $3, "accumulation": 1, "learning_rate": 2e-4, "schedule": "constant", "warmup": 0, "optimizer": "adamw_torch",
  "weight_decay": 0, "max_grad_norm": 1, "precision": "bf16", "padding": "right", "group_by_length": false, "seed": 0, "evaluate_every": 10,
  "save_every": 10, "eval_batch": 8, "tensorboard": false}}
JSON
}

run() { # run NAME COMMAND...
  local name=$1; shift
  timeout "${LIMIT_S:-150}" "$@" "$here/launch/python/train_judge.py" "$data" "$out/$name.json" "$out/$name" --resume > "$out/$name.log" 2>&1
  local status=$?
  "$python" - "$out/$name" "$name" "$status" <<'PY'
import json, pathlib, sys
folder, name, status = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
curve = folder / "curve.jsonl"
lines = [json.loads(line) for line in curve.read_text().splitlines()] if curve.exists() else []
steps = [each["progress"] for each in lines if "progress" in each]
held = [each["held_out"]["log_loss"] for each in lines if "held_out" in each]
shown = {"steps": len(steps), "losses": [round(each["loss"], 4) for each in steps[:3] + steps[-2:]], "held_out": held[-2:]}
memory = max((each["memory_gib"] for each in steps), default=None)
final = (folder / "final" / "adapter_model.safetensors").exists()
print(json.dumps({"training": name, "status": status, **shown, "gib": memory, "tokens_per_second": steps[-1]["tokens_per_second"] if steps else None, "final": final}))
PY
  [ "$status" = 0 ] || tail -n 3 "$out/$name.log"
}

recipe one false 8; recipe copies false 4; recipe shared true 4
run one env CUDA_VISIBLE_DEVICES=0 "$python"
run copies "$python" -m torch.distributed.run --standalone --nproc-per-node 2
# The first one is stopped after BREAK_S seconds and saves a checkpoint; the second one goes on from there.
LIMIT_S=${BREAK_S:-60} run shared "$python" -m torch.distributed.run --standalone --nproc-per-node 2
run shared "$python" -m torch.distributed.run --standalone --nproc-per-node 2
