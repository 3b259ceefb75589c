#!/usr/bin/env bash
# Runs the shards of a job as an array of a real Slurm on this machine, with one task killed midway and requeued by hand, joins them, and
# compares the submission with that of the job without shards. The engine is `abtie fake-server`.
#
#   apt-get install slurmctld slurmd slurm-client munge    # Debian; needs root, and no other Slurm on the machine
#   npm run build && bench/cluster/slurm.sh
#
# Prints what each step gave. Exits with 0 when both submissions are the same, byte for byte.
source "$(dirname "$0")/job.sh"
export SLURM_CONF=$work/slurm.conf
host=$(hostname -s)

pgrep -x munged >/dev/null || { mkdir -p /run/munge && chown munge: /run/munge && su -s /bin/sh munge -c /usr/sbin/munged; }
mkdir "$work/state" "$work/spool"
cat >"$SLURM_CONF" <<CONF
ClusterName=abtie
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) CoresPerSocket=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=10:00 DefaultTime=5:00 State=UP
CONF
slurmctld
slurmd
until sinfo --noheader --format=%t | grep -q idle; do sleep 0.5; done
sinfo --version

start_server server
write_job "$(cat "$work/server.url")"
run_whole

array=$(sbatch --parsable --array=1-4 --output="$work/task-%a.log" "$root/launch/cluster/slurm-array.sh" job.yaml)
until [[ -e runs/job/shard-2-of-4/journal.jsonl ]]; do sleep 0.1; done
sleep 1
scancel "${array}_2"
echo "task 2 of array $array was cancelled while it ran"
while squeue --noheader --jobs="$array" | grep -q .; do sleep 0.5; done
shard_states 4

again=$(SHARD=2/4 sbatch --parsable --output="$work/task-2-again.log" "$root/launch/cluster/slurm-array.sh" job.yaml)
joined=$(sbatch --parsable --dependency="afterok:$again" --output="$work/join.log" --wrap "$ABTIE join job.yaml")
while squeue --noheader --jobs="$again,$joined" | grep -q .; do sleep 0.5; done
grep -h "continuing" task-2-again.log || true
cat join.log
compare_with_whole
