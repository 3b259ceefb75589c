#!/usr/bin/env bash
# One task of a Slurm array scores one shard of a job. The end of the task's time limit is the deadline.
#
#   array=$(sbatch --parsable --array=1-8 slurm-array.sh job.yaml)
#   sbatch --dependency=afterany:$array --wrap "abtie join job.yaml"
#
# A task that ended early (preempted, cancelled, its node lost) continues where it was when it is requeued, or by hand:
#
#   SHARD=3/8 sbatch slurm-array.sh job.yaml
#
# Exit status 5 (some rows hold a fallback) is a complete shard and counts as success here.
#SBATCH --job-name=abtie
#SBATCH --output=abtie-%A_%a.log
#SBATCH --requeue
set -uo pipefail
config=${1:?usage: sbatch --array=1-8 slurm-array.sh job.yaml}

# "2026-11-28T18:30:00", or a word where the partition has no limit. The last task of an array has the id of the array, by which squeue
# lists all of its tasks.
task=$SLURM_JOB_ID
[[ -n ${SLURM_ARRAY_JOB_ID:-} ]] && task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
end=$(squeue --noheader --jobs="$task" --format=%e)
deadline=()
[[ $end =~ ^[0-9]{4}- ]] && deadline=(--deadline "$end")

# A batch script is a shell: without this, the shell would get the signal of Slurm and abtie would not.
${ABTIE:-abtie} run "$config" --shard "${SHARD:-auto}" "${deadline[@]}" &
child=$!
trap 'kill -TERM "$child"' TERM INT
wait "$child"
status=$?
# The trap interrupts the first wait.
if kill -0 "$child" 2>/dev/null; then
  wait "$child"
  status=$?
fi
[[ $status -eq 5 ]] && status=0
exit "$status"
