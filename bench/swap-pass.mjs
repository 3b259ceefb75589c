// Measures how much of the swap pass's gain in log loss comes from the rows that a run would choose for a share of its cost.
//   npm run build && node bench/swap-pass.mjs RUN/rows.jsonl LABELLED.csv [--shares 0.2,0.4,0.6]
// The run must hold both orders of every row. Rows are chosen as in a run: after each twentieth of the cost they are ranked anew.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { matrixOf, rowAt } from "../dist/class-matrix.js";
import { meanByClass, softmax, swap } from "../dist/classes.js";
import { openDataset } from "../dist/dataset/open-dataset.js";
import { rankForSwapPass } from "../dist/deadline/swap-ranking.js";
import { logLosses } from "../dist/metrics/log-loss.js";
import { mean, sum } from "../dist/numbers/sums.js";
import { CLASSES } from "../dist/types.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { shares: { type: "string", default: "0.2,0.4,0.6" } },
});
const [rowsFile, labelled] = positionals;
const dataset = await openDataset(labelled, {});
const indexOf = new Map(dataset.ids.map((id, index) => [id, index]));
const rows = (await readFile(rowsFile, "utf8"))
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line))
  .filter(({ ab, ba }) => ab !== null && ba !== null)
  .map(({ id, ab, ba }) => ({
    truth: rowAt(dataset.truth, indexOf.get(id)),
    first: softmax(ab.logProbs),
    second: swap(softmax(ba.logProbs)),
    tokens: ba.tokens,
  }));

await dataset[Symbol.asyncDispose]();

const whole = sum(rows.map(({ tokens }) => tokens));
const [none, all] = [lossWith(new Set()), lossWith(new Set(rows.keys()))];
console.log(`${rows.length} rows: log loss ${none.toFixed(4)} in one order, ${all.toFixed(4)} in both for every row`);
for (const share of values.shares.split(",").map(Number)) {
  const chosen = choose(share);
  const loss = lossWith(chosen);
  console.log(
    `${(100 * share).toFixed(0)} % of the cost (${chosen.size} rows): ${loss.toFixed(4)}, ${((100 * (none - loss)) / (none - all)).toFixed(0)} % of the gain`,
  );
}

function choose(share) {
  const chosen = new Set();
  let spent = 0;
  while (spent < share * whole) {
    const candidates = [...rows.entries()]
      .filter(([row]) => !chosen.has(row))
      .map(([row, { first, tokens }]) => ({ row, probabilities: first, tokens }));
    const pairs = [...chosen].map((row) => rows[row]);
    const until = Math.min(share * whole, spent + whole / 20);
    for (const { row, tokens } of rankForSwapPass(candidates, { scale: "raw", pairs, costOf: (n) => n })) {
      if (spent >= until) break;
      chosen.add(row);
      spent += tokens;
    }
  }
  return chosen;
}

function lossWith(chosen) {
  const answers = rows.map((row, i) => (chosen.has(i) ? meanByClass([row.first, row.second]) : row.first));
  const truth = rows.map((row) => row.truth);
  return mean(logLosses(matrixOf(CLASSES, answers), matrixOf(CLASSES, truth)));
}
