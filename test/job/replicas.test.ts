import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";
import { inProcess } from "../helpers/in-process.ts";
import { FAKE, spawning, writeJob } from "../helpers/job.ts";
import { expectValid, readLines } from "../helpers/results.ts";

/** A server that first writes down which GPUs and cores it was given. */
function noting(knobs: FakeKnobs, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const engine = spawning(knobs) as { args: readonly string[]; env: Readonly<Record<string, string>> };
  const { env = {}, ...rest } = more;
  const note = 'echo "$CUDA_VISIBLE_DEVICES/$VLLM_CPU_OMP_THREADS_BIND" >> "$NOTES"; exec "$0" "$@"';
  return {
    ...engine,
    command: "/bin/sh",
    args: ["-c", note, process.execPath, FAKE, ...engine.args.slice(1)],
    ...rest,
    env: { ...engine.env, ...(env as object) },
  };
}

test("two replicas share what a scheduler gave, and score as one does", async () => {
  const job = await writeJob({ engine: noting({}, { replicas: 2 }), rows: 40 });
  const notes = join(job.folder, "notes");
  const two = await inProcess(["run", "job.yaml"], job.folder, { CUDA_VISIBLE_DEVICES: "4,7,9", NOTES: notes });
  expect(two.status, two.stderr).toBe(0);
  expect((await readFile(notes, "utf8")).split("\n").filter(Boolean).sort()).toEqual(["4/", "7/"]);
  expectValid(job.submission, job.ids);
  const lines = readLines(job.rowsFile);
  const alone = await writeJob({ engine: spawning({}), rows: 40 });
  expect((await inProcess(["run", "job.yaml"], alone.folder)).status).toBe(0);
  expect(lines.map(({ probabilities }) => probabilities)).toEqual(
    readLines(alone.rowsFile).map(({ probabilities }) => probabilities),
  );
});

test("replicas on the CPU get cores of their own", async () => {
  const env = { VLLM_CPU_OMP_THREADS_BIND: "auto" };
  const job = await writeJob({ engine: noting({}, { replicas: 2, env }), rows: 8 });
  const notes = join(job.folder, "notes");
  const run = await inProcess(["run", "job.yaml"], job.folder, { NOTES: notes });
  const given = (await readFile(notes, "utf8").catch(() => "")).split("\n").filter(Boolean);
  // A machine with one core cannot run two servers on cores of their own.
  if (run.status === 2) return expect(run.stderr).toContain("engine.replicas is 2");
  expect(run.status, run.stderr).toBe(0);
  expect(given).toHaveLength(2);
  expect(new Set(given).size).toBe(2);
  for (const line of given) expect(line).toMatch(/^\/\d+(,\d+)*$/);
});

test("too few GPUs for the replicas end a run before a server is started", async () => {
  const job = await writeJob({ engine: spawning({}, { replicas: 2 }), rows: 8 });
  const run = await inProcess(["run", "job.yaml"], job.folder, { CUDA_VISIBLE_DEVICES: "4" });
  expect(run.status).toBe(2);
  expect(run.stderr).toContain("CUDA_VISIBLE_DEVICES lists 1 GPU");
});
