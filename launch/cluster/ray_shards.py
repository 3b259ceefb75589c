"""Scores the shards of a job as tasks of a Ray cluster, then joins them.

    python ray_shards.py job.yaml --shards 8 --gpus 2 --address auto

Every task runs `abtie run CONFIG --shard I/N` on some node; the config, the rows and the run folder lie on a file
system that all nodes share. A task whose node is lost is started again by Ray and continues its shard. Prints one JSON
line for each shard: {"shard": 3, "status": 0, "seconds": 61.2}. Exits with the status of `abtie join`, or with the first
status of a shard that is neither 0 nor 5.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time

import ray

COMPLETE = (0, 5)
"""The exit statuses of a complete shard: done, and done with some fallback rows."""
MISTAKES = (2, 3)
"""The exit statuses that come again however often a shard is run: config and data."""


class ShardEnded(Exception):
    """A shard ended early, so that Ray starts it again."""


def run_shard(abtie: str, config: str, index: int, count: int, extra: list[str]) -> tuple[int, float]:
    """Runs one shard to its end and gives its exit status and its time in seconds."""
    began = time.monotonic()
    command = [*shlex.split(abtie), "run", config, "--shard", f"{index}/{count}", *extra]
    status = subprocess.run(command, check=False).returncode
    if status not in (*COMPLETE, *MISTAKES):
        raise ShardEnded(f"shard {index}/{count} ended with status {status}")
    return status, time.monotonic() - began


def main() -> int:
    """Runs all shards, then the join."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="the YAML config of the job, a path that all nodes know")
    parser.add_argument("--shards", type=int, required=True, help="number of shards")
    parser.add_argument("--gpus", type=float, default=1, help="GPUs of one shard (default 1)")
    parser.add_argument("--cpus", type=float, default=1, help="CPUs of one shard (default 1)")
    parser.add_argument("--retries", type=int, default=3, help="how often a shard is started again (default 3)")
    parser.add_argument("--address", default=None, help='address of the cluster; "auto" finds it (default: this machine)')
    parser.add_argument("--abtie", default="abtie", help="command that starts abtie (default: abtie)")
    arguments, extra = parser.parse_known_args()

    ray.init(address=arguments.address, log_to_driver=True)
    task = ray.remote(
        num_gpus=arguments.gpus,
        num_cpus=arguments.cpus,
        max_retries=arguments.retries,
        retry_exceptions=[ShardEnded],
    )(run_shard)
    running = {
        task.remote(arguments.abtie, arguments.config, index, arguments.shards, extra): index
        for index in range(1, arguments.shards + 1)
    }
    failed = 0
    while running:
        [ended], _ = ray.wait(list(running), num_returns=1)
        index = running.pop(ended)
        try:
            status, seconds = ray.get(ended)
        except ray.exceptions.RayError as error:
            print(json.dumps({"shard": index, "status": None, "error": str(error).splitlines()[-1]}), flush=True)
            failed = failed or 4
            continue
        print(json.dumps({"shard": index, "status": status, "seconds": round(seconds, 1)}), flush=True)
        if status not in COMPLETE:
            failed = failed or status
    if failed:
        return failed
    return subprocess.run([*shlex.split(arguments.abtie), "join", arguments.config], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
