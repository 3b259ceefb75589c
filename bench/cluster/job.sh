# Sourced by the other scripts of this folder: a job whose engine is `abtie fake-server`, and the comparison of its submissions.
#
# Sets root (of the checkout), work (a folder that is removed at the end, with every process whose pid is in a *.pid file of it) and ABTIE.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
export ABTIE="node $root/dist/cli/main.js"

cleanup() {
  local file
  for file in "$work"/*.pid; do
    [[ -s $file ]] && kill "$(cat "$file")" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$work"
}
trap cleanup EXIT

# start_server NAME [RATE]: starts a server, and puts its address into the file NAME.url.
start_server() {
  # Slow enough that a worker can be killed midway.
  $ABTIE fake-server --port 0 --rows-per-second "${2:-20}" >"$work/$1.url" 2>/dev/null &
  echo $! >"$work/$1.pid"
  until [[ -s $work/$1.url ]]; do sleep 0.2; done
}

# write_job URL: writes job.yaml, whose submission is submission.csv, and goes into its folder.
write_job() {
  cp "$root/examples/rows.csv" "$work/rows.csv"
  cat >"$work/job.yaml" <<YAML
input: rows.csv
output: submission.csv
template: rules
orders: one
engine: {attach: "$1"}
YAML
  cd "$work"
}

# Scores the whole job without shards into whole.csv.
run_whole() {
  $ABTIE run job.yaml --run whole -o whole.csv -q
  echo "the whole job: $(($(wc -l <whole.csv) - 1)) rows"
}

# shard_states COUNT: prints how each shard ended.
shard_states() {
  local index
  for index in $(seq "$1"); do
    echo "shard $index: $($ABTIE status "runs/job/shard-$index-of-$1" 2>&1 | head -n 2 | tr -s ' ' | tr '\n' ' ')"
  done
}

# pid_of FOLDER: waits until the run in a folder has scored a row, and prints the pid of its job.
pid_of() {
  until grep -qs '"event":"row"' "$1/journal.jsonl"; do sleep 0.1; done
  $ABTIE status "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["process"]["pid"])'
}

# parent_of PID: prints the pid of the parent of a process.
parent_of() {
  ps -o ppid= -p "$1" | tr -d ' '
}

compare_with_whole() {
  cmp submission.csv whole.csv && echo "the submission equals that of the whole job, byte for byte"
}
