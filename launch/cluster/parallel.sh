#!/usr/bin/env bash
# GNU parallel scores the shards of a job, AT_ONCE at a time, on this machine or on those of --sshlogin, and joins them.
#
#   ./parallel.sh job.yaml 8            # 8 shards
#   AT_ONCE=4 ./parallel.sh job.yaml 8  # 4 of them at a time
#
# The same command again runs only the shards that did not end well, and they continue.
set -uo pipefail
config=${1:?usage: parallel.sh job.yaml SHARDS}
count=${2:?usage: parallel.sh job.yaml SHARDS}
abtie=${ABTIE:-abtie}
export config count abtie

# Status 5 (some rows hold a fallback) is a complete shard.
shard() {
  $abtie run "$config" --shard "$1/$count"
  local status=$?
  [[ $status -eq 5 ]] && return 0
  return "$status"
}
export -f shard

parallel --jobs "${AT_ONCE:-1}" --joblog "${config%.*}.shards" --resume-failed --retries 3 --line-buffer --tag shard {} ::: $(seq "$count") &&
  $abtie join "$config"
