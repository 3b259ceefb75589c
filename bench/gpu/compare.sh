#!/usr/bin/env bash
# Compares `abtie run` with offline LLM.generate on the same prompts, on a GPU machine that may be offline.
#
#   bench/gpu/compare.sh MODEL_DIR ROWS WORDS CONCURRENCY PROMPTS_PER_REQUEST OUT
#
# Needs on the PATH: node, python3 with vLLM; in this checkout: dist/ and node_modules (production is enough). MODEL_DIR may
# hold a config.json and a tokenizer alone: weights are dummies. Prints one line for each side and their ratio.
set -euo pipefail
model=$1 rows=$2 words=$3 concurrency=$4 prompts=$5 out=$6
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$out"
cd "$out"
python3 "$here/bench/gpu/rows.py" "$rows" "$words" 7 > rows.csv
cat > job.yaml <<YAML
input: rows.csv
run: run
template: notebook
concurrency: $concurrency
prompts_per_request: $prompts
engine:
  command: python3
  args: ["-m", "vllm.entrypoints.cli.main", "serve", "{model}", "--load-format", "dummy", "--dtype", "half",
         "--enforce-eager", "--no-enable-prefix-caching", "--max-model-len", "4096", "--gpu-memory-utilization", "0.85"]
  model: $model
  max_model_len: 4096
  ready_limit: 6m
YAML
node "$here/bench/prepared-prompts.mjs" job.yaml prompts.jsonl
python3 "$here/bench/gpu/offline.py" "$model" prompts.jsonl load_format=dummy dtype=half enforce_eager=true \
  max_model_len=4096 gpu_memory_utilization=0.85 2> offline.log | grep '^OFFLINE' | tee offline.txt
node "$here/dist/cli/main.js" run job.yaml --json 2> abtie.log > summary.json || { tail -n 40 abtie.log; exit 1; }
python3 - <<'PY'
import json
summary = json.load(open("summary.json"))
offline = json.loads(open("offline.txt").read().split(" ", 1)[1])
seconds, session = summary["seconds"]["scoring"], summary["session"]
rate = session["promptTokens"] / seconds
print(f"ABTIE   {session['scoredPrompts']} rows, {session['promptTokens']} tokens, {seconds:.2f} s, {rate:.0f} tokens/s, {session['scoredPrompts'] / seconds:.2f} rows/s, method {summary['engine']['method']}, prior {summary['rows']['prior']}")
print(f"RATIO   {rate / offline['tokens_per_second']:.3f} of offline ({offline['tokens_per_second']} tokens/s)")
PY
