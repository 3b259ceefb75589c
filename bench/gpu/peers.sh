#!/usr/bin/env bash
# Sets `abtie run`, which starts the engine, beside `vllm run-batch` and a notebook's loop on a GPU machine that may be offline: dummy
# weights, rows cut from real text, the time from the command to the file. Takes at most LIMIT_SECONDS (590).
#
#   bench/gpu/peers.sh MODEL TEXT OUT
#
# MODEL is a folder with config.json, a tokenizer and a chat template in ChatML. TEXT is a CSV of pairs whose words the rows are made of.
# A first start, which compiles kernels, is not counted. Then rounds of 5,000 and of 700 rows (ROWS="5000 700") take turns while there is
# time. The first start took 258 s, each later command of 5,000 rows 55 to 100 s: with less time give fewer sizes. Results go to OUT/results.jsonl, the table to OUT/table.md.
# Needs what bench/gpu-h200.sh needs. EXTRA: flags of vLLM for all tools. To try it without a GPU: EXTRA= ROWS=16 DTYPE=float32.
set -uo pipefail
usage="usage: peers.sh MODEL TEXT OUT"
model=$(realpath "${1:?$usage}") text=$(realpath "${2:?$usage}") out=$(realpath -m "${3:?$usage}")
here=$(cd "$(dirname "$0")/../.." && pwd)
node=${NODE:-node}
limit=${LIMIT_SECONDS:-590}
read -ra sizes <<<"${ROWS:-5000 700}"
began=$SECONDS
mkdir -p "$out"
left() { echo $((limit - (SECONDS - began))); }

# rows, round, tools, file of results, most seconds of one command. No command begins when less than LAST_SECONDS (50) are left; what hangs is ended.
compare() {
  local seconds
  seconds=$(left)
  ((seconds > ${LAST_SECONDS:-50})) || return 0
  timeout --kill-after=5 "$seconds" "$node" "$here/bench/peers/peers.mjs" --python "${PYTHON:-python3}" --model "$model" --input "$text" \
    --kind cold --tools "$3" --rows "$1" --tokens "${TOKENS:-250}" --rounds 1 --first-round "$2" --dtype "${DTYPE:-bfloat16}" \
    --args="--load-format dummy ${EXTRA---gpu-memory-utilization 0.6 --max-num-batched-tokens 16384 --max-num-seqs 512}" \
    --no-reference --limit "$5" --folder "$out/$1" --results "$4" --until $((seconds - ${LAST_SECONDS:-50})) 2>&1 | tail -n 30
  echo "-- $1 rows, round $2: $(left) s left"
}

compare 64 1 run-batch "$out/warm-up.jsonl" "$limit"
for round in 1 2 3 4 5 6; do
  for size in "${sizes[@]}"; do compare "$size" "$round" "${TOOLS:-abtie,run-batch,notebook}" "$out/results.jsonl" "${TOOL_SECONDS:-150}"; done
done
[ -e "$out/results.jsonl" ] || echo "nothing was measured"
{
  echo "$(date -u '+%Y-%m-%d %H:%M UTC'), commit $(git -C "$here" rev-parse --short HEAD 2>/dev/null || cat "$here/COMMIT" 2>/dev/null || echo unknown)"
  nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || echo "no GPU found"
  echo "$(nproc) cores, node $("$node" --version), vLLM $("${PYTHON:-python3}" -c 'import importlib.metadata as m; print(m.version("vllm"))' 2>/dev/null || echo unknown)"
  echo
  "$node" "$here/bench/peers/peers.mjs" --table "$out/results.jsonl"
} | tee "$out/table.md"
echo "took $((SECONDS - began)) s"
