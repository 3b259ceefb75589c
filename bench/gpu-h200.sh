#!/usr/bin/env bash
# Compares `abtie run` with offline LLM.generate on a GPU machine that may be offline, for a 34B AWQ shape (1,000-token rows)
# and a 1.1B fp16 shape (300-token rows), dummy weights, one API process. Takes at most about nine minutes.
#
#   bench/gpu-h200.sh MODELS OUT
#
# MODELS holds 34b-awq/ and 1b/, each a config.json and a tokenizer. Results go to OUT/results.md and the logs beside it.
# Needs: python3 with vLLM; node on the PATH or as $NODE; in this checkout dist/ and node_modules/ (npm ci --omit=dev is enough).
# What an offline machine needs is brought along like this:
#   1. the vLLM kit: unpack its parts and `. ./unpack`, which sets PYTHONPATH; its models/ folder is MODELS;
#   2. a node binary: NODE=/path/to/node;
#   3. abtie: `npm ci && npm run build && npm prune --omit=dev`, then tar of dist bench prompts launch package.json node_modules.
set -uo pipefail
models=$(realpath "${1:?usage: gpu-h200.sh MODELS OUT}") out=$(realpath -m "${2:?usage: gpu-h200.sh MODELS OUT}")
here=$(cd "$(dirname "$0")/.." && pwd)
node=${NODE:-node}
limit=${LIMIT_SECONDS:-530}
began=$SECONDS
mkdir -p "$out"
{
  echo "$(date -u '+%Y-%m-%d %H:%M UTC'), commit $(git -C "$here" rev-parse --short HEAD 2>/dev/null || cat "$here/COMMIT" 2>/dev/null || echo unknown)"
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>/dev/null || echo "no GPU found"
  echo "$(nproc) cores, node $("$node" --version), vLLM $(python3 -c 'import vllm; print(vllm.__version__)' 2>/dev/null || echo unknown)"
} | tee "$out/results.md"

# shape: name, rows, words of a row, share of the time that is left which it may take
compare() {
  local name=$1 rows=$2 words=$3 share=$4
  local left=$((limit - (SECONDS - began)))
  local own=$((left * share / 100))
  if ((own < 60)); then
    echo "| $name | not run: $left s were left |" | tee -a "$out/results.md"
    return
  fi
  printf '\n### %s\n\n' "$name" | tee -a "$out/results.md"
  # The rounds stop in time by themselves; the limit is for what hangs.
  timeout --kill-after=10 "$own" "$node" "$here/bench/gpu/side-by-side.mjs" --model "$models/$name" --rows "$rows" \
    --words "$words" --until $((own - 75)) --folder "$out/$name" 2>"$out/$name.log" | tee -a "$out/results.md"
  if ((${PIPESTATUS[0]} != 0)); then
    echo "failed or out of time after $((SECONDS - began)) s:" | tee -a "$out/results.md"
    tail -n 15 "$out/$name.log" | tee -a "$out/results.md"
    tail -n 15 "$out/$name/server.log" "$out/$name/offline.log" 2>/dev/null
  fi
}

compare 34b-awq "${ROWS_34B:-600}" 966 60
compare 1b "${ROWS_1B:-20000}" 266 95
echo
cat "$out/results.md"
echo "took $((SECONDS - began)) s"
