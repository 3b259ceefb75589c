#!/usr/bin/env bash
# Compares `abtie run` from a CSV with offline LLM.generate on ready token ids, on a GPU machine that may be offline: dummy weights, rows
# cut from real text, one vLLM server with one API process and one with four. Takes at most LIMIT_SECONDS (360).
#
#   bench/gpu-h200.sh MODELS TEXT OUT [SHAPE ...]
#
# MODELS holds a folder a shape, each with config.json and a tokenizer: qwen3-0.6b and gemma3-1b come from bench/gpu/shapes.mjs,
# 34b-awq and 1b from elsewhere. TEXT is a CSV of pairs whose words the rows are made of. Default shapes: qwen3-0.6b gemma3-1b; a shape for
# which less than two minutes are left is not run. Results go to OUT/results.md and the logs beside it.
# Needs: python3 with vLLM; node on the PATH or as $NODE; in this checkout dist/ and node_modules/ (npm ci --omit=dev is enough).
# What an offline machine needs is brought along like this:
#   1. the vLLM kit: unpack its parts and `. ./unpack`, which sets PYTHONPATH;
#   2. a node binary: NODE=/path/to/node;
#   3. abtie: `npm ci && npm run build && npm prune --omit=dev`, then tar of dist bench prompts launch package.json node_modules;
#   4. MODELS and TEXT.
set -uo pipefail
usage="usage: gpu-h200.sh MODELS TEXT OUT [SHAPE ...]"
models=$(realpath "${1:?$usage}") text=$(realpath "${2:?$usage}") out=$(realpath -m "${3:?$usage}")
shift 3
here=$(cd "$(dirname "$0")/.." && pwd)
node=${NODE:-node}
limit=${LIMIT_SECONDS:-360}
began=$SECONDS
mkdir -p "$out"
{
  echo "$(date -u '+%Y-%m-%d %H:%M UTC'), commit $(git -C "$here" rev-parse --short HEAD 2>/dev/null || cat "$here/COMMIT" 2>/dev/null || echo unknown)"
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>/dev/null || echo "no GPU found"
  echo "$(nproc) cores, node $("$node" --version), vLLM $(python3 -c 'import vllm; print(vllm.__version__)' 2>/dev/null || echo unknown)"
} | tee "$out/results.md"

# shape, rows, tokens of a row, type of the weights, share of the time that is left which it may take, further arguments
compare() {
  local name=$1 rows=$2 tokens=$3 dtype=$4 share=$5
  local left=$((limit - (SECONDS - began)))
  local own=$((left * share / 100))
  if ((own < ${LEAST_SECONDS:-120})); then
    echo "| $name | not run: $left s were left |" | tee -a "$out/results.md"
    return
  fi
  printf '\n### %s\n\n' "$name" | tee -a "$out/results.md"
  # The rounds stop in time by themselves; the limit is for what hangs.
  timeout --kill-after=10 "$own" "$node" "$here/bench/gpu/side-by-side.mjs" --model "$models/$name" --text "$text" \
    --rows "${ROWS:-$rows}" --tokens "$tokens" --dtype "$dtype" --until $((own - ${ROUND_SECONDS:-75})) \
    --folder "$out/$name" "${@:6}" ${EXTRA:-} 2>"$out/$name.log" | tee -a "$out/results.md"
  if ((${PIPESTATUS[0]} != 0)); then
    echo "failed or out of time after $((SECONDS - began)) s:" | tee -a "$out/results.md"
    tail -n 15 "$out/$name.log" | tee -a "$out/results.md"
    tail -n 15 "$out/$name"/*/server.log "$out/$name/offline.log" 2>/dev/null
  fi
}

if (($# == 0)); then set -- qwen3-0.6b gemma3-1b; fi
for shape in "$@"; do
  case $shape in
    34b-awq) compare "$shape" 600 1000 half 60 ;;
    1b) compare "$shape" 20000 300 half 95 ;;
    qwen3-0.6b | gemma3-1b) compare "$shape" 20000 300 bfloat16 100 --max-model-len 2048 --batch-tokens 16384 ;;
    *) echo "no shape named $shape" >&2 ;;
  esac
done
echo
cat "$out/results.md"
echo "took $((SECONDS - began)) s"
