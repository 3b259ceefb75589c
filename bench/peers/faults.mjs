/*
 * Shows what other tools and abtie do with a row that is longer than the model's context, and with an engine that is killed.
 *
 * Run as: npm run build && node bench/peers/faults.mjs --python VENV/bin/python --model FOLDER --input pandalm.csv
 *           [--tools abtie,run-batch,notebook,inspect] [--fault long|killed] [--rows 40] [--results FILE.jsonl]
 *
 * long: the shortest rows, and behind a third of them one of about 3,000 tokens, where the model takes 2,048. killed: the processes of the
 * engine get SIGKILL about 3 s after scoring has begun. Tools that need a running server get one each, which is not started again. Prints
 * for each tool how it ended, how many rows have all three probabilities in its file, and whether the file is there.
 */
import { appendFile, readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { childrenOf, markdown } from "../lib/processes.mjs";
import { startVllm, vllmEnv } from "../lib/vllm.mjs";
import { writePeersJob } from "./job.mjs";
import { measure } from "./measured.mjs";
import { TOOLS } from "./tools.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string" },
    input: { type: "string" },
    tools: { type: "string", default: "abtie,run-batch,notebook,inspect,promptfoo" },
    fault: { type: "string", default: "long" },
    rows: { type: "string", default: "40" },
    folder: { type: "string", default: "/tmp/abtie-peers-faults" },
    results: { type: "string" },
    limit: { type: "string", default: "240" },
  },
});
const { python, model, folder } = values;
if (python === undefined || model === undefined || values.input === undefined) {
  throw new Error("--python, --model and --input are needed");
}
const tools = values.tools.split(",").map((name) => {
  if (TOOLS[name] === undefined) throw new Error(`no tool ${name}: ${Object.keys(TOOLS)}`);
  return TOOLS[name];
});
const MODEL_LEN = "2048";
const KILL_AFTER_S = 3;
const ANY_STATUS = Array.from({ length: 256 }, (_, status) => status);
const engineArgs = ["--dtype", "float32", "--max-model-len", MODEL_LEN, "--enforce-eager", "--enable-prefix-caching"];
const serve = ["-m", "vllm.entrypoints.cli.main", "serve", "{model}", ...engineArgs];
const job = await writePeersJob({
  folder,
  input: values.input,
  rows: Number(values.rows),
  longRow: values.fault === "long",
  model,
  maxModelLen: Number(MODEL_LEN),
  // The other tools get the whole text of the long row.
  context: 8192,
  server: { command: python, args: serve },
});
const context = { env: vllmEnv(), python, engineArgs, model: job.model, served: job.served };
const table = [];
for (const tool of tools) {
  // A tool that cannot be tried is a line of the table, and the others are still tried.
  const line = await tryTool(tool).catch((error) => [
    tool.name,
    "not tried to its end",
    "",
    "",
    "",
    String(error.message).trim().split("\n")[0].replaceAll("|", " ").slice(0, 220),
  ]);
  table.push(line);
  process.stderr.write(`${line.join(" | ")}\n`);
  if (values.results !== undefined) await appendFile(values.results, `${JSON.stringify([values.fault, ...line])}\n`);
}
markdown([["tool", "exit status", "s", "rows with all three probabilities", "file", "what it says"], ...table]);

async function tryTool(tool) {
  await tool.prepare(job, context);
  const needsServer = !tool.kinds.includes("cold");
  const log = { folder: job.folder, maxModelLen: MODEL_LEN };
  const server = needsServer
    ? await startVllm({ python, model, dtype: "float32", ...log, args: ["--enable-prefix-caching"] })
    : null;
  try {
    const command = await tool.command(job, { ...context, url: server?.url ?? null });
    let scoringSince = null;
    let killed = false;
    const onTick = async ({ pid, seconds, stderr }) => {
      if (values.fault !== "killed" || killed) return;
      scoringSince ??= (await hasBegun(command, stderr)) ? seconds : null;
      if (scoringSince === null || seconds - scoringSince < KILL_AFTER_S) return;
      killed = true;
      const engines = await enginesBelow(server?.pid ?? pid);
      if (engines.length === 0)
        throw new Error(`${tool.name}: no process named VLLM:: was found, so that none was killed`);
      for (const engine of engines) process.kill(Number(engine), "SIGKILL");
    };
    const measured = await measure({ ...command, statuses: ANY_STATUS, limit: Number(values.limit), onTick });
    const found = await tool.result(job, measured).catch((error) => ({ logProbs: [], note: error.message }));
    const whole = found.logProbs?.filter((row) => row?.every((value) => value !== null)).length;
    const text = measured.stderr.map((part) => part.text).join("");
    const last =
      text
        .trim()
        .split("\n")
        .findLast((line) => /error|failed|exceed|longer|lost/i.test(line)) ?? "";
    const said = (found.note === "" ? last : found.note).replaceAll(/[|\n]/g, " ").slice(0, 220);
    const file = measured.file === null ? "none" : "there";
    const end = measured.signal ?? String(measured.status);
    return [
      tool.name,
      end,
      measured.end.toFixed(0),
      whole === undefined ? "not in its file" : `${whole} of ${job.rows}`,
      file,
      said,
    ];
  } finally {
    await server?.[Symbol.asyncDispose]();
  }
}

/** Tells whether scoring has begun: by its first result on the disk, or by what it prints. */
async function hasBegun({ file, hasFirst }, stderr) {
  if (hasFirst !== undefined && (await hasFirst(file))) return true;
  return stderr.some(({ text }) => /Running batch|Running loglikelihood|SCORING|Running\[|it\/s/.test(text));
}

/** Lists the processes below `pid` that compute: vLLM names them. */
async function enginesBelow(pid) {
  const children = await childrenOf(pid).catch(() => []);
  const below = (await Promise.all(children.map(enginesBelow))).flat();
  const name = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return /^VLLM::/.test(name) ? [String(pid), ...below] : below;
}
