#!/usr/bin/env bash
# Puts vllm-router in front of two servers (`abtie fake-server`), kills one of them midway, and compares the submission of `abtie run`
# through the router with that of a run on one server.
#
#   python3 -m venv VENV && VENV/bin/pip install vllm-router==0.1.17
#   npm run build && bench/cluster/router.sh VENV/bin/vllm-router
#
# Prints what each step gave. Exits with 0 when both submissions are the same, byte for byte, and both servers had a share.
router=$(realpath -s "${1:?usage: router.sh VLLM_ROUTER}")
source "$(dirname "$0")/job.sh"
for name in one two; do start_server "$name" 10; done
write_job "$(cat "$work/one.url")"
run_whole

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$router" --host 127.0.0.1 --port "$port" --policy round_robin --worker-urls "$(cat one.url)" "$(cat two.url)" >router.log 2>&1 &
echo $! >"$work/router.pid"
until curl -sf "http://127.0.0.1:$port/v1/models" >/dev/null; do sleep 0.5; done
sed -i "s|attach: .*}|attach: \"http://127.0.0.1:$port\"}|" job.yaml

$ABTIE run job.yaml -q &
run=$!
pid_of runs/job >/dev/null
kill -KILL "$(cat two.pid)" && echo "server two was killed while the run went on"
wait "$run" || echo "the run ended with status $?"
$ABTIE status runs/job | head -n 3
compare_with_whole
