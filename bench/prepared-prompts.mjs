// Writes the token ids that `abtie run CONFIG` would send, one JSON list per line, so that other programs get the same prompts.
//   npm run build && node bench/prepared-prompts.mjs CONFIG OUT.jsonl

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createJudgeLoader } from "../dist/job/load-judge.js";
import { openConfig } from "../dist/job/open-config.js";
import { openRows } from "../dist/job/open-rows.js";
import { pinDate } from "../dist/job/pin-date.js";
import { createEffects } from "../dist/system.js";

const [config = "", target = ""] = process.argv.slice(2);
const effects = createEffects();
const used = await openConfig(config, [], effects);
const dataset = await openRows(used, new AbortController().signal);
const dated = await pinDate(used, [used.runFolder], effects);
const judge = await (await createJudgeLoader(dated, dataset, effects.clock)).open(null);
const out = createWriteStream(target);
for (const row of dataset.ids.keys()) {
  const { ids } = await judge.prepare(row, "ab", null);
  if (!out.write(`${JSON.stringify(ids)}\n`)) await once(out, "drain");
}
out.end();
await once(out, "close");
await dataset[Symbol.asyncDispose]();
