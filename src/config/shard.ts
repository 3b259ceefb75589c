/** One of `count` parts into which the rows of a file are divided; `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A shard, or a sentence that says why the text names none. */
export type ShardSetting =
  | { readonly ok: true; readonly shard: Shard }
  | { readonly ok: false; readonly message: string };

const MOST = 100_000;

/**
 * Reads the setting `shard`: "2/8" is the second of 8 shards, and "auto" takes the number from the variables that Slurm gives a
 * task of an array, or Kubernetes a pod of an Indexed Job. Kubernetes does not tell the number of pods: ABTIE_SHARD_COUNT holds it.
 */
export function readShard(text: string, env: Readonly<Record<string, string | undefined>>): ShardSetting {
  if (text === "auto") return fromScheduler(env);
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (index === undefined || count === undefined) {
    return refused(`must be "2/8" (the second of 8 shards) or "auto", but is ${JSON.stringify(text)}`);
  }
  return checked(Number(index), Number(count), `is ${JSON.stringify(text)}`);
}

function fromScheduler(env: Readonly<Record<string, string | undefined>>): ShardSetting {
  const task = numberIn(env, "SLURM_ARRAY_TASK_ID");
  if (task !== null) {
    const first = numberIn(env, "SLURM_ARRAY_TASK_MIN") ?? 0;
    const step = numberIn(env, "SLURM_ARRAY_TASK_STEP") ?? 1;
    const count = numberIn(env, "SLURM_ARRAY_TASK_COUNT");
    if (count === null) return refused('is "auto", and Slurm gives SLURM_ARRAY_TASK_ID without SLURM_ARRAY_TASK_COUNT');
    const index = (task - first) / step + 1;
    const array = `is "auto", and this is task ${task} of a Slurm array of ${count} that begins at ${first} in steps of ${step}`;
    if (!Number.isInteger(index)) return refused(`${array}: use an array without gaps, such as --array=1-8`);
    return checked(index, count, array);
  }
  const completion = numberIn(env, "JOB_COMPLETION_INDEX");
  if (completion === null) {
    return refused(
      'is "auto", but neither SLURM_ARRAY_TASK_ID (a Slurm array) nor JOB_COMPLETION_INDEX (a Kubernetes Indexed Job) is in the ' +
        'environment: write the shard as "2/8"',
    );
  }
  const count = numberIn(env, "ABTIE_SHARD_COUNT");
  if (count === null) {
    return refused(
      'is "auto", and JOB_COMPLETION_INDEX tells the number of this pod, but nothing how many there are: set ABTIE_SHARD_COUNT to the ' +
        "`completions` of the job",
    );
  }
  return checked(completion + 1, count, `is "auto", and this is pod ${completion} of ${count}`);
}

function checked(index: number, count: number, found: string): ShardSetting {
  if (index >= 1 && index <= count && count <= MOST) return { ok: true, shard: { index, count } };
  return refused(`${found}: expected a number from 1 to the number of shards, which is at most ${MOST}`);
}

function refused(message: string): ShardSetting {
  return { ok: false, message };
}

function numberIn(env: Readonly<Record<string, string | undefined>>, name: string): number | null {
  const text = env[name] ?? "";
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** Names the folder of a shard inside the run folder of the job. */
export function shardFolder({ index, count }: Shard): string {
  return `shard-${index}-of-${count}`;
}
