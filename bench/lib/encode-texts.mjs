/*
 * Encodes texts and tells how long it took. Run by bench/tokenizer.mjs.
 *
 * node encode-texts.mjs FOLDER TEXTS.JSON [--binding BINDING] [--warm]
 *   ->   one line of JSON: tokens, seconds (CPU), hash of the ids, peak (MB)
 *
 * FOLDER has tokenizer.json. BINDING is the folder of npm's native binding `tokenizers`; without it abtie's own tokenizer encodes.
 * --warm lets other tokenizers of the same files encode the texts first, so that V8 has compiled the code and no cache is warm.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadTokenizer } from "../../dist/prompt/tokenizer/local.js";

const WARM_PASSES = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { binding: { type: "string" }, warm: { type: "boolean", default: false } },
});
const [folder = "", file = ""] = positionals;
const open = values.binding === undefined ? own : native;
const texts = JSON.parse(readFileSync(file, "utf8"));
for (let pass = 0; pass < (values.warm ? WARM_PASSES : 0); pass += 1) {
  const other = await open();
  for (const text of texts) await other(text);
}
const encode = await open();
const begin = process.cpuUsage();
const encoded = [];
for (const text of texts) encoded.push(await encode(text));
const { user, system } = process.cpuUsage(begin);
const measured = {
  tokens: encoded.reduce((sum, ids) => sum + ids.length, 0),
  seconds: (user + system) / 1e6,
  ids: createHash("sha256").update(encoded.join("\n")).digest("hex"),
  peak: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

async function own() {
  const tokenizer = await loadTokenizer(folder, { kwargs: {}, date: "2026-11-28" });
  return (text) => tokenizer.encode(text, false);
}

function native() {
  const { Tokenizer } = createRequire(import.meta.url)(values.binding);
  const tokenizer = Tokenizer.fromFile(join(folder, "tokenizer.json"));
  return async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
}
