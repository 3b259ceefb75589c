/*
 * Measures the speed and memory of abtie with a server that answers at once.
 *
 * Run as: npm run build && node bench/client-ceiling.mjs [--rows 25000] [--tokens 200] [--tokenizer FOLDER] [--orders one|both]
 *                                                        [--input rows.csv] [--keep FOLDER] [--prepared] [--python VENV/bin/python]
 *
 * Writes a file of rows, starts a server that does nothing (lib/no-op-server.mjs) in a process of its own and `abtie run` in another, and reads time and memory of
 * the latter from /proc while it runs. Rows are made of a few words, which the tokenizer soon has in its cache; with --input they are
 * cut from the words of that file, with one longer word in 25 replaced by a new one. The tokenizer is the small one of the
 * tests; name the folder of a real model to measure its cost. --prepared tokenises beforehand with `abtie plan --keep-tokens`.
 * --python, a Python with `tokenizers`, encodes prompts of the same rows with Rust on one thread before and after the run: the target
 * is then 0.8 of what two such threads make, and 400 MB. Prints a table; the exit status is 1 when a target is missed.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Tokenizer } from "@huggingface/tokenizers";
import { readPrompts, writeCeilingJob } from "./lib/ceiling-job.mjs";
import { answers, childrenOf, cpuSeconds, freePort, treeCpuSeconds } from "./lib/processes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** Targets: rows/s for rows of 200 tokens, tokenising or with tokens prepared; MB for fewer than 100,000 rows or more. */
const SPEED = { tokenising: 700, prepared: 3_000, tokens: 200 };
const RESIDENT_MB = { few: 300, many: 600 };
const MANY = 100_000;
const SAMPLE_MS = 250;
/** Least share of the speed of Rust on all cores, and memory in MB, with --python. */
const AGAINST_RUST = { share: 0.8, residentMb: 400, rows: 2_000 };

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "25000" },
    tokens: { type: "string", default: "200" },
    tokenizer: { type: "string", default: here("../launch/fake-model") },
    orders: { type: "string", default: "one" },
    input: { type: "string" },
    // Tokenises beforehand, so that the run measures the client alone.
    prepared: { type: "boolean", default: false },
    // Folder that keeps the job's files, for bench/raw-undici.mjs; by default a temporary folder.
    keep: { type: "string" },
    python: { type: "string" },
  },
});
if (values.keep !== undefined) await mkdir(values.keep, { recursive: true });
const folder = values.keep ?? (await mkdtemp(join(tmpdir(), "abtie-bench-")));
try {
  await main({ ...values, rows: Number(values.rows), tokens: Number(values.tokens) });
} finally {
  if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
}

async function main({ rows, tokens, tokenizer, orders, input, prepared, python }) {
  const model = new Tokenizer(
    JSON.parse(await readFile(join(tokenizer, "tokenizer.json"), "utf8")),
    JSON.parse(await readFile(join(tokenizer, "tokenizer_config.json"), "utf8")),
  );
  await writeCeilingJob(folder, model, { rows, tokens, tokenizer, orders, input });
  const labels = [" A", " B", " tie"].map((text) => model.encode(text, { add_special_tokens: false }).ids[0]);
  if (prepared) {
    const args = [here("../dist/cli/main.js"), "plan", "job.yaml", "--keep-tokens", "--json"];
    execFileSync(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  }
  const port = await freePort();
  const server = [here("lib/no-op-server.mjs"), tokenizer, port, JSON.stringify(labels)];
  const fake = spawn(process.execPath, server, { env: { PATH: process.env.PATH }, stdio: "inherit" });
  try {
    await answers(`http://127.0.0.1:${port}/health`);
    const before = await cpuSeconds(fake.pid);
    const rust = [await rustSpeed(python, tokenizer)];
    const measured = await measure(port, fake.pid, before);
    rust.push(await rustSpeed(python, tokenizer));
    report(measured, {
      rust: python === undefined ? null : (rust[0] + rust[1]) / 2,
      rows: rows * (orders === "both" ? 2 : 1),
      tokenizer,
      leastSpeed: (prepared ? SPEED.prepared : SPEED.tokenising) * Math.min(1, SPEED.tokens / tokens),
      mostMb: python !== undefined ? AGAINST_RUST.residentMb : rows < MANY ? RESIDENT_MB.few : RESIDENT_MB.many,
    });
  } finally {
    fake.kill();
  }
}

/** Measures tokens a CPU second of Rust's `tokenizers` on prompts of the job; NaN without a Python. */
async function rustSpeed(python, tokenizer) {
  if (python === undefined) return Number.NaN;
  const file = join(folder, "prompts.json");
  await writeFile(file, JSON.stringify(await readPrompts(folder, AGAINST_RUST.rows)));
  const args = [here("lib/encode_texts.py"), join(tokenizer, "tokenizer.json"), file];
  const { tokens, seconds } = JSON.parse(execFileSync(python, args, { encoding: "utf8" }));
  return tokens / seconds;
}

async function measure(port, server, serverBefore) {
  const load = loadavg()[0];
  const began = performance.now();
  const job = spawn(
    process.execPath,
    [
      ...(process.env.BENCH_NODE_ARGS?.split(" ") ?? []),
      here("../dist/cli/main.js"),
      "run",
      "job.yaml",
      "--fresh",
      "--base-url",
      `http://127.0.0.1:${port}`,
      "--json",
    ],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS ?? "" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let json = "";
  job.stdout.on("data", (text) => {
    json += text;
  });
  const samples = [];
  let cpu = 0;
  const timer = setInterval(async () => {
    const now = await Promise.all([treeMemoryMb(job.pid), treeCpuSeconds(job.pid)]).catch(() => null);
    if (now === null) return;
    const [mb, seconds] = now;
    // The job ends before the process that started it, so the last sample may lack it.
    cpu = Math.max(cpu, seconds);
    samples.push({ second: (performance.now() - began) / 1000, mb });
  }, SAMPLE_MS);
  const status = await new Promise((resolve) => job.once("close", resolve));
  clearInterval(timer);
  if (status !== 0) throw new Error(`abtie ended with ${status}`);
  const serverSeconds = (await cpuSeconds(server)) - serverBefore;
  return { summary: JSON.parse(json), samples, cpu, load, serverSeconds, seconds: (performance.now() - began) / 1000 };
}

/**
 * Reads the resident memory of a process and all its descendants, in MB: abtie's job runs in a child of the process that is started. A
 * page that both hold, such as those of the program, is counted once.
 */
async function treeMemoryMb(pid) {
  const found = await memoryOfTree(pid);
  return found.reduce((sum, { own }) => sum + own, 0) + Math.max(...found.map(({ shared }) => shared));
}

/** Reads the memory of each process of a tree, in MB: its own, and what it shares with others. */
async function memoryOfTree(pid) {
  const [text, children] = await Promise.all([readFile(`/proc/${pid}/smaps_rollup`, "utf8"), childrenOf(pid)]);
  const megabytes = (kind) =>
    [...text.matchAll(new RegExp(`^${kind}_(?:Clean|Dirty):\\s+(\\d+) kB`, "gm"))].reduce(
      (sum, [, kb]) => sum + Number(kb) / 1024,
      0,
    );
  // A child may end at any time.
  const below = await Promise.all(children.map((child) => memoryOfTree(child).catch(() => [])));
  return [{ own: megabytes("Private"), shared: megabytes("Shared") }, ...below.flat()];
}

function report(measured, { rust, rows: asked, tokenizer, leastSpeed, mostMb }) {
  const { summary, samples, cpu, load, seconds, serverSeconds } = measured;
  const rows = Math.min(asked, summary.session.scoredPrompts);
  const scoring = samples.slice(Math.floor(samples.length * 0.1));
  const third = Math.max(1, Math.floor(scoring.length / 3));
  const median = (list) => list.map(({ mb }) => mb).sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  const speed = rows / summary.seconds.scoring;
  const tokens = summary.session.promptTokens;
  const peakMb = Math.max(...samples.map(({ mb }) => mb));
  const allCores = rust === null ? null : availableParallelism() * rust;
  const share = allCores === null ? null : tokens / summary.seconds.scoring / allCores;
  const table = [
    ["rows", `${rows} of ${(summary.session.promptTokens / rows).toFixed(0)} tokens, tokenizer ${tokenizer}`],
    [
      "machine",
      `${availableParallelism()} cores, load ${load.toFixed(1)} at the start and ${loadavg()[0].toFixed(1)} at the end`,
    ],
    [
      "scored",
      `${summary.session.scoredPrompts} prompts in ${summary.session.requests} requests, ${summary.rows.prior} rows without answer`,
    ],
    ["time", `${seconds.toFixed(1)} s in all, ${summary.seconds.scoring.toFixed(1)} s scoring`],
    [
      "speed",
      `${speed.toFixed(0)} rows/s, ${(summary.session.promptTokens / summary.seconds.scoring).toFixed(0)} tokens/s`,
    ],
    [
      "CPU of abtie",
      `${cpu.toFixed(1)} s, ${(rows / cpu).toFixed(0)} rows and ${(tokens / cpu).toFixed(0)} tokens per CPU second`,
    ],
    ["CPU of the server", `${serverSeconds.toFixed(1)} s, ${(rows / serverSeconds).toFixed(0)} rows per CPU second`],
    ...(allCores === null
      ? []
      : [
          [
            "Rust",
            `${rust.toFixed(0)} tokens per CPU second; abtie's speed is ${share.toFixed(2)} of Rust on all cores`,
          ],
          ["abtie and server", `${(tokens / (cpu + serverSeconds) / rust).toFixed(2)} of Rust's tokens per CPU second`],
        ]),
    ["resident, peak", `${peakMb.toFixed(0)} MB`],
    [
      "resident over time",
      `median ${median(scoring.slice(0, third)).toFixed(0)} MB in the first third, ${median(scoring.slice(-third)).toFixed(0)} MB in the last`,
    ],
    [
      "samples",
      pick(samples, 16)
        .map(({ second, mb }) => `${second.toFixed(0)}s:${mb.toFixed(0)}`)
        .join(" "),
    ],
  ];
  process.stdout.write(`${table.map(([name, text]) => `${name.padEnd(20)}${text}`).join("\n")}\n`);
  const missed = [
    ...(share === null && speed < leastSpeed ? [`speed below ${leastSpeed} rows/s`] : []),
    ...(share !== null && share < AGAINST_RUST.share ? [`less than ${AGAINST_RUST.share} of Rust on all cores`] : []),
    ...(peakMb > mostMb ? [`more than ${mostMb} MB resident`] : []),
    ...(summary.rows.prior > 0 ? ["rows without answer"] : []),
  ];
  process.stdout.write(missed.length === 0 ? "every target is met\n" : `missed: ${missed.join("; ")}\n`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function pick(list, count) {
  return list.filter((_, index) => index % Math.max(1, Math.ceil(list.length / count)) === 0);
}
