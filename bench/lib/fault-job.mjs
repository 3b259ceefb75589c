// The small job of bench/faults.mjs: its folder, its server, and the checks of its results.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { seededGenerator } from "../../dist/numbers/random.js";
import { SERVE_ARGUMENTS } from "../../test/fixtures/engine/fake-vllm.mjs";
import { MAIN } from "./job.mjs";
import { answers, freePort } from "./processes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const FAKE = here("../../test/fixtures/engine/fake-vllm.mjs");
const TOKENIZER = here("../../launch/fake-model");
const DISTURB = here("../../test/fixtures/cli/disturb-job.cjs");
/** All processes of a round have its folder in this environment variable. */
export const TAG = "ABTIE_TEST_TAG";
/** Token ids of " A", " B" and " tie" in that tokenizer. */
const LABELS = [288, 373, 377];
const TEMPLATE =
  '---\ndescription: Short prompts.\nformat: raw\nlabels: {a: " A", b: " B", tie: " tie"}\nanswer_prefix: "Answer:"\n---\n' +
  "{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}\n";

/** Writes a job of so many rows. `engine` is that of startFake or of spawnedFake. */
export async function writeFaultJob(rows, engine) {
  const folder = await mkdtemp(join(tmpdir(), "abtie-faults-"));
  const ids = Array.from({ length: rows }, (_, row) => String(4_000_000_000 + 7919 * row));
  const table = ids.map((id, row) => ({ id, prompt: `question ${row}`, response_a: "yes it is", response_b: "no" }));
  await writeFile(join(folder, "rows.csv"), stringify(table, { header: true }));
  await writeFile(join(folder, "t.jinja"), TEMPLATE);
  const config = { input: "rows.csv", template: "./t.jinja", run: "run", orders: "one", engine };
  const limits = { concurrency: 4, prompts_per_request: 2, request_timeout: "2s" };
  await writeFile(join(folder, "job.yaml"), JSON.stringify({ ...config, ...limits }));
  return { folder, ids };
}

/** Starts a fake server in a process of its own. */
export async function startFake(knobs) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = { labels: LABELS, modelDir: TOKENIZER, quiet: true, ...knobs };
  const start = () =>
    spawn(process.execPath, [FAKE, "serve", TOKENIZER, "--port", port, "--served-model-name", "fake"], {
      env: { PATH: process.env.PATH, FAKE_VLLM: JSON.stringify(settings) },
      stdio: "ignore",
    });
  let child = start();
  await answers(`${url}/health`, 60_000);
  return {
    engine: { attach: url, tokenizer: TOKENIZER },
    signal: (signal) => child.kill(signal),
    restart: () => {
      child.kill("SIGKILL");
      child = start();
    },
    change: (knobs) => fetch(`${url}/fake/settings`, { method: "POST", body: JSON.stringify(knobs) }),
    stop: () => child.kill("SIGKILL"),
  };
}

/** Gives the engine of a config: a fake that abtie starts, and that ignores SIGTERM. */
export function spawnedFake(knobs) {
  const env = {
    FAKE_VLLM: JSON.stringify({ labels: LABELS, quiet: true, ignoreSigterm: true, orphan: true, ...knobs }),
  };
  return {
    command: process.execPath,
    args: [FAKE, ...SERVE_ARGUMENTS],
    model: TOKENIZER,
    env,
    stop_grace: "500ms",
    ready_limit: "60s",
  };
}

/** Starts abtie on a job. `disturb` is passed to test/fixtures/cli/disturb-job.cjs, which breaks the job from inside. */
export function startRun(folder, deadlineAt, disturb = null) {
  const args = deadlineAt === null ? [] : ["--deadline", new Date(deadlineAt).toISOString()];
  const extra = disturb && { NODE_OPTIONS: `--require ${DISTURB}`, ABTIE_TEST_DISTURB: JSON.stringify(disturb) };
  const child = spawn(process.execPath, [MAIN, "run", "job.yaml", ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, [TAG]: folder, ...extra },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise((resolve) => child.once("close", (status) => resolve({ status, at: Date.now() })));
  return { child, ended, stderr: () => stderr };
}

/** Finds the fault of a submission; null when it is complete and valid, or missing and `mustExist` is false. */
export function invalid({ folder, ids }, mustExist) {
  const file = join(folder, "run/submission.csv");
  if (!existsSync(file)) return mustExist ? "missing" : null;
  const rows = parse(readFileSync(file, "utf8"), { columns: true });
  if (rows.length !== ids.length || rows.some(({ id }, row) => id !== ids[row])) return "other ids";
  const sums = rows.map((row) =>
    ["a", "b"].map((x) => Number(row[`winner_model_${x}`])).concat(Number(row.winner_tie)),
  );
  return sums.every(
    (triple) => triple.every((p) => p > 0 && p < 1) && Math.abs(triple[0] + triple[1] + triple[2] - 1) < 1e-6,
  )
    ? null
    : "no probabilities";
}

/** Counts rows whose answer is in the journal but not in the results, and rows that have neither answer nor reason. */
export function lostRows({ folder, ids }) {
  const path = (name) => join(folder, "run", name);
  const lines = (name) => (existsSync(path(name)) ? readFileSync(path(name), "utf8").split("\n").slice(0, -1) : []);
  const answered = new Set(
    lines("journal.jsonl")
      .map((line) => JSON.parse(line))
      .flatMap((event) => (event.event === "row" ? [event.row] : [])),
  );
  // A run that was refused writes no rows.jsonl.
  if (!existsSync(path("rows.jsonl"))) return answered.size;
  const rows = lines("rows.jsonl").map((line) => JSON.parse(line));
  const lost = rows.filter(({ ab, reason }, row) => (ab === null ? answered.has(row) || reason === null : false));
  return ids.length - rows.length + lost.length;
}

/** Counts the answered rows in the journal. */
export function answeredRows({ folder }) {
  const file = join(folder, "run/journal.jsonl");
  return existsSync(file) ? (readFileSync(file, "utf8").match(/"event":"row"/g) ?? []).length : 0;
}

/** Lists the processes of a round that are alive, from /proc; a zombie is not. */
export function alive(folder) {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${TAG}=${folder}`)) return false;
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  });
}

/** Waits up to 15 s until no process of a round is alive; kills the others and returns their number. */
export async function processesLeft(folder) {
  for (let waited = 0; waited < 15_000 && alive(folder).length > 0; waited += 100) await sleep(100);
  const left = alive(folder);
  for (const pid of left) process.kill(Number(pid), "SIGKILL");
  return left.length;
}

/** Creates a source of numbers in [0, 1) that depends on the seed alone. */
export function seeded(seed) {
  const generator = seededGenerator(seed);
  return () => (generator.next() >>> 0) / 2 ** 32;
}

/** Writes a file of this size, or as much of it as the disk takes. */
export function fill(file, size) {
  try {
    writeFileSync(file, Buffer.alloc(size));
  } catch {
    // The disk is full.
  }
}
