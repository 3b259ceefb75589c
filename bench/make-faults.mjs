#!/usr/bin/env node
/*
 * Breaks `abtie make` while the real programs work, and compares what it makes in the end with an undisturbed chain.
 *
 * Run as: npm run build && node bench/make-faults.mjs [--kills 10] [--seed 1] [--rows 32] [--only kills|two|disk|network]
 *
 * Needs what `abtie setup --train` installs. The base is a tiny network with random weights and the tokenizer of SmolLM2; the stages are
 * prepare, train, merge and quantize, because a served model says nothing about kills of these. One process works at a time.
 *
 * kills    kill -9 at random moments: of the command, of its job process, or of the Python program at work; then the same command again,
 *          until that many kills are done and the last chain is complete. After each kill, every folder with the name of a stage must be whole.
 * two      a second command in the folder of one at work.
 * disk     the chain on a disk (tmpfs) that is too small, then on the same one with room. Needs the right to mount.
 * network  the chain without a network (unshare -n), and the same where peft is not installed yet. Needs the right to unshare.
 *
 * What is compared, byte by byte: the examples, the trained adapter, the merged and the quantised weights; and the losses of the curve.
 * Prints Markdown tables; the exit status is 1 when something differs, is half-made, or is left.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { alive, processesLeft, seeded, TAG } from "./lib/fault-job.mjs";
import { MAIN } from "./lib/job.mjs";
import { childrenOf, markdown } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    rows: { type: "string", default: "32" },
    only: { type: "string" },
  },
});
const HOME = process.env.ABTIE_HOME ?? join(homedir(), ".cache/abtie");
const STAGES = { data: "prepare", train: "train", merged: "merge", quantized: "quantize" };
/** What abtie says of a full disk. */
const FULL = /the disk is (?:probably )?full/;
const random = seeded(Number(values.seed));
const folder = mkdtempSync(join(tmpdir(), "abtie-make-faults-"));
let wrong = 0;

try {
  writeInputs();
  const began = Date.now();
  const { status, stderr } = await run("reference").ended;
  if (status !== 0) throw new Error(`the undisturbed chain ended with ${status}:\n${stderr.slice(-2000)}`);
  const seconds = (Date.now() - began) / 1000;
  const reference = contentOf("reference");
  process.stdout.write(`Undisturbed: ${seconds.toFixed(0)} s, ${Object.keys(reference).length} things compared.\n\n`);
  const parts = {
    kills: () => kills(seconds, reference),
    two: () => two(reference),
    disk: () => disk(reference),
    network: () => network(reference),
  };
  for (const [name, part] of Object.entries(parts)) {
    if (values.only === undefined || values.only === name) await part();
  }
} finally {
  await processesLeft(folder);
  rmSync(folder, { recursive: true, force: true });
}
if (wrong > 0) process.exitCode = 1;

/** Writes the base model, the rows and the recipe. */
function writeInputs() {
  const python = join(HOME, "engines", readdirSync(join(HOME, "engines"))[0], "bin/python");
  const model = join(HOME, "models/SmolLM2-135M-Instruct");
  execFileSync(python, ["test/e2e/tiny_model.py", "llama", model, join(folder, "base")], { stdio: "pipe" });
  const lines = readFileSync("launch/recipes/word-rule.csv", "utf8").split("\n");
  writeFileSync(join(folder, "rows.csv"), `${lines.slice(0, Number(values.rows) + 1).join("\n")}\n`);
  const recipe = {
    base: "./base",
    head: "label",
    data: { input: "./rows.csv", template: resolve("launch/recipes/word-rule.jinja"), context: 160, orders: "both" },
    lora: { r: 4, alpha: 8 },
    load: { bits: 32, compute: "float32", checkpointing: false },
    training: { epochs: 12, batch: 4, learning_rate: 1e-3, precision: "fp32", save_every: 10, evaluate_every: 25 },
    quantize: { group: 32, examples: 4, grid: 3 },
  };
  writeFileSync(join(folder, "recipe.yaml"), JSON.stringify(recipe));
}

/** Starts the chain in a folder; `prefix` is a command that runs it, `env` more variables. */
function run(name, { prefix = [], env = {} } = {}) {
  const words = [...prefix, process.execPath, MAIN, "make", "recipe.yaml", "-o", name, "--until", "quantize"];
  const child = spawn(words[0], words.slice(1), {
    cwd: folder,
    env: { ...process.env, OMP_NUM_THREADS: "1", [TAG]: folder, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise((done) => child.on("close", (code, signal) => done({ status: code ?? signal, stderr })));
  return { child, ended };
}

/** Hashes what a chain has made; the losses stand for the curve, whose speeds differ. */
function contentOf(name) {
  const sha = (path) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name, path)))
      .digest("hex");
  const curve = readFileSync(join(folder, name, "train/curve.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map(JSON.parse);
  return {
    examples: sha("data/examples.jsonl"),
    adapter: sha("train/final/adapter_model.safetensors"),
    merged: sha("merged/model/model.safetensors"),
    quantised: sha("quantized/model/model.safetensors"),
    losses: JSON.stringify(curve.map(({ progress, held_out }) => progress?.loss ?? held_out)),
  };
}

/** Names what differs from the undisturbed chain. */
function differences(name, reference) {
  const found = contentOf(name);
  return Object.keys(reference).filter((key) => found[key] !== reference[key]);
}

/** Lists the folders with the name of a stage that have no record of its end. */
function halfMade(name) {
  return Object.keys(STAGES).filter(
    (stage) => existsSync(join(folder, name, stage)) && !existsSync(join(folder, name, stage, "stage.json")),
  );
}

async function kills(seconds, reference) {
  const table = [["kill", "after s", "in the stage", "of", "ended with", "half-made", "processes left"]];
  let [done, chains] = [0, 1];
  while (done < Number(values.kills)) {
    const name = `killed-${chains}`;
    const running = run(name);
    const after = 0.3 + random() * 0.7 * seconds;
    const over = await Promise.race([running.ended, sleep(1000 * after, null)]);
    if (over !== null) {
      // It came to its end first: the next kill needs a new chain.
      report(name, over, reference);
      chains += 1;
      continue;
    }
    const victim = await chooseVictim(running.child.pid);
    const stage = stageAtWork(name);
    process.kill(victim.pid, "SIGKILL");
    const { status } = await running.ended;
    const left = await processesLeft(folder);
    const half = halfMade(name);
    done += 1;
    wrong += left + half.length;
    table.push([done, after.toFixed(1), stage, victim.name, status, half.join(" ") || "-", left]);
    process.stderr.write(`${table.at(-1).join(" | ")}\n`);
  }
  const name = `killed-${chains}`;
  report(name, await run(name).ended, reference);
  markdown(table);
  process.stdout.write("\n");
}

/** Says whether a chain that came to its end made what the undisturbed one made. */
function report(name, { status, stderr }, reference) {
  const differ = status === 0 ? differences(name, reference) : ["all"];
  wrong += differ.length;
  const text =
    differ.length === 0 ? "equal to the undisturbed chain" : `DIFFERS: ${differ.join(" ")} ${stderr.slice(-600)}`;
  process.stdout.write(`${name}: ended with ${status}, ${text}\n\n`);
}

/** Chooses one of the processes: the command, the job process under it, or the Python program under that. */
async function chooseVictim(pid) {
  const [job] = await childrenOf(pid);
  const all = [{ name: "the command", pid }];
  if (job !== undefined) all.push({ name: "its job process", pid: job });
  const python = alive(folder).find(
    (each) =>
      /_judge\.py|merge_adapter\.py|quantize_model\.py/.test(commandOf(each)) && !/^\/?\S*sh\0/.test(commandOf(each)),
  );
  if (python !== undefined) all.push({ name: "the Python program", pid: Number(python) });
  return all[Math.floor(random() * all.length)];
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Reads the stage that has begun and not ended from the journal of a chain. */
function stageAtWork(name) {
  const file = join(folder, name, "journal.jsonl");
  if (!existsSync(file)) return "none yet";
  const last = readFileSync(file, "utf8").trim().split("\n").at(-1);
  const { event, stage } = JSON.parse(last);
  return event === "begin" ? stage : `after ${stage}`;
}

async function two(reference) {
  const first = run("two");
  while (!existsSync(join(folder, "two/journal.jsonl"))) await sleep(50);
  const second = await run("two").ended;
  const said = second.stderr.trim().split("\n").at(-1);
  if (second.status !== 3) wrong += 1;
  process.stdout.write(`Two at once: the second ended with ${second.status}: ${said}\n\n`);
  report("two", await first.ended, reference);
}

async function disk(reference) {
  const table = [["room", "ended with", "half-made", "said"]];
  const place = join(folder, "small");
  mkdirSync(place);
  const mount = (...words) => spawnSync("mount", words).status === 0;
  if (!mount("-t", "tmpfs", "-o", "size=24k", "tmpfs", place))
    return void process.stdout.write("Full disk: mount is refused here.\n\n");
  try {
    for (const size of ["24k", "200k", "1M", "3M", "12M", "20M"]) {
      mount("-o", `remount,size=${size}`, place);
      const { status, stderr } = await run("small/made").ended;
      const half = halfMade("small/made");
      const said =
        stderr
          .trim()
          .split("\n")
          .filter((line) => FULL.test(line))
          .at(-1) ?? stderr.trim().split("\n").at(-1);
      wrong += half.length + (status === 0 ? 1 : 0) + (FULL.test(stderr) ? 0 : 1);
      table.push([size, status, half.join(" ") || "-", (said ?? "").slice(0, 200)]);
      process.stderr.write(`${table.at(-1).join(" | ")}\n`);
    }
    mount("-o", "remount,size=200M", place);
    report("small/made", await run("small/made").ended, reference);
  } finally {
    await processesLeft(folder);
    spawnSync("umount", ["-l", place]);
  }
  markdown(table);
  process.stdout.write("\n");
}

async function network(reference) {
  const prefix = ["unshare", "-rn"];
  if (spawnSync("unshare", ["-rn", "true"]).status !== 0)
    return void process.stdout.write("No network: unshare is refused here.\n\n");
  report("alone", await run("alone", { prefix }).ended, reference);
  const bare = join(folder, "home");
  mkdirSync(join(bare, "tools"), { recursive: true });
  for (const part of ["engines", "models"]) symlinkSync(join(HOME, part), join(bare, part));
  for (const tool of readdirSync(join(HOME, "tools"))) {
    if (!tool.startsWith("peft")) symlinkSync(join(HOME, "tools", tool), join(bare, "tools", tool));
  }
  const { status, stderr } = await run("bare", { prefix, env: { ABTIE_HOME: bare } }).ended;
  if (status === 0) wrong += 1;
  process.stdout.write(
    `No network and no peft: ended with ${status}:\n${stderr.trim().split("\n").slice(-4).join("\n")}\n\n`,
  );
}
