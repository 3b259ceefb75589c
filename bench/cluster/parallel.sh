#!/usr/bin/env bash
# Runs the shards of a job with GNU parallel (launch/cluster/parallel.sh), kills one shard with SIGKILL midway, lets the script run again,
# and compares the joined submission with that of the job without shards. The engine is `abtie fake-server`.
#
#   apt-get install parallel
#   npm run build && bench/cluster/parallel.sh
#
# Prints what each step gave. Exits with 0 when both submissions are the same, byte for byte.
source "$(dirname "$0")/job.sh"
parallel --version | head -n 1
start_server server 6
write_job "$(cat "$work/server.url")"
run_whole

AT_ONCE=2 "$root/launch/cluster/parallel.sh" job.yaml 4 >parallel.log 2>&1 &
script=$!
kill -KILL "$(pid_of runs/job/shard-2-of-4)"
echo "shard 2 was killed while it ran"
wait "$script" || true
cut -f 1,4,7,8 job.shards | column -t
if [[ ! -e submission.csv ]]; then AT_ONCE=2 "$root/launch/cluster/parallel.sh" job.yaml 4 >>parallel.log 2>&1; fi
shard_states 4
compare_with_whole
