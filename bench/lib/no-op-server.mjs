/*
 * A server that costs as little as a server of its kind can: it answers prompts of token ids in the words of vLLM, with log
 * probabilities that were made beforehand.
 *
 * Run as: npm run build && node bench/lib/no-op-server.mjs TOKENIZER PORT LABEL_IDS
 *
 * LABEL_IDS is a JSON list. The prompts of a request are counted and not parsed, and the choices are texts that the fake server of
 * the tests has made for other prompts. All other pages are those of that fake server.
 */
import { createServer } from "node:http";
import { complete } from "../../dist/fake-server/completions.js";
import { buildServer } from "../../test/fixtures/engine/fake/build.mjs";
import { hashedLogits } from "../../test/fixtures/engine/fake/logits.mjs";
import { DEFAULTS, merge } from "../../test/fixtures/engine/fake/settings.mjs";

/** Number of different choices; more would not cost less. */
const CHOICES = 64;
const PROMPTS = Buffer.from('"prompt":[');
const [OPEN, CLOSE, COMMA] = Buffer.from("[],");

const [modelDir, port, labels] = process.argv.slice(2);
const name = "no-op";
const settings = merge(DEFAULTS, { labels: JSON.parse(labels), vocab: 1_000_000, modelDir, modelName: name });
const { server: others } = buildServer(settings, name, (code) => process.exit(code));
/** The texts of choices, without their index, by the fields of a request beside its prompts. */
const made = new Map();

createServer((request, response) => {
  if (request.url !== "/v1/completions") return others.emit("request", request, response);
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const [status, text] = answer(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  });
}).listen(Number(port), "127.0.0.1");

/** Answers a request to /v1/completions; one prompt alone, as at the start of a run, by the fake server's own function. */
function answer(body) {
  const at = body.indexOf(PROMPTS);
  if (body[at + PROMPTS.length] !== OPEN) return whole(JSON.parse(body.toString("utf8")));
  const { prompts, tokens, end } = count(body, at + PROMPTS.length);
  const fields = `${body.toString("utf8", 0, at)}"prompt":[]${body.toString("utf8", end)}`;
  if (!made.has(fields)) made.set(fields, choicesFor(JSON.parse(fields)));
  const { before, choices } = made.get(fields);
  const texts = Array.from({ length: prompts }, (_, index) => `{"index":${index},${choices[index % CHOICES]}`);
  const usage = `{"prompt_tokens":${tokens},"total_tokens":${tokens + prompts},"completion_tokens":${prompts}}`;
  return [200, `${before}"choices":[${texts.join(",")}],"usage":${usage}}`];
}

/** Counts the lists from `start`, the first bracket, and the numbers in them. `end` is behind the bracket that closes the list of lists. */
function count(body, start) {
  let prompts = 0;
  let tokens = 0;
  let at = start;
  for (let depth = 1; depth > 0 && at < body.length; at += 1) {
    const byte = body[at];
    if (byte === COMMA) tokens += depth - 1;
    else if (byte === OPEN) {
      depth += 1;
      prompts += 1;
    } else if (byte === CLOSE) depth -= 1;
  }
  // A list has one number more than commas.
  return { prompts, tokens: tokens + prompts, end: at };
}

function choicesFor(fields) {
  const prompt = Array.from({ length: CHOICES }, (_, index) => [index + 1]);
  const [, text] = whole({ ...fields, prompt });
  const { choices, usage: _, ...before } = JSON.parse(text);
  return {
    before: `${JSON.stringify(before).slice(0, -1)},`,
    choices: choices.map(({ index: _index, ...rest }) => JSON.stringify(rest).slice(1)),
  };
}

function whole(fields) {
  const { status, body } = complete(fields, settings, (prompt, hash) => hashedLogits(prompt, hash, settings), 1);
  return [status, JSON.stringify(body)];
}
