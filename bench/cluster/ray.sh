#!/usr/bin/env bash
# Runs the shards of a job as tasks of a real Ray on this machine (launch/cluster/ray_shards.py), kills one shard and one worker of Ray with
# SIGKILL midway, and compares the joined submission with that of the job without shards. The engine is `abtie fake-server`.
#
#   python3 -m venv VENV && VENV/bin/pip install ray==2.60.0
#   npm run build && bench/cluster/ray.sh VENV/bin/python
#
# Prints what each step gave. Exits with 0 when both submissions are the same, byte for byte.
python=$(realpath -s "${1:?usage: ray.sh PYTHON}")
source "$(dirname "$0")/job.sh"
"$python" -c 'import ray; print("ray", ray.__version__)'
start_server server 6
write_job "$(cat "$work/server.url")"
run_whole

export RAY_USAGE_STATS_ENABLED=0
"$python" "$root/launch/cluster/ray_shards.py" "$work/job.yaml" --shards 4 --gpus 0 --abtie "$ABTIE" >ray.log 2>ray.err &
script=$!
kill -KILL "$(pid_of runs/job/shard-2-of-4)"
echo "shard 2 was killed while it ran"
# A job is the child of its guard, which is the child of Ray's worker.
guard=$(parent_of "$(pid_of runs/job/shard-3-of-4)")
kill -KILL "$(parent_of "$guard")"
echo "the worker of Ray that ran shard 3 was killed"
wait "$script" || { tail -n 20 ray.err; exit 1; }
grep '"shard"' ray.log
shard_states 4
compare_with_whole
