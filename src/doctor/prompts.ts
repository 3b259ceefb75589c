import type { Dataset } from "../dataset/open-dataset.ts";
import type { Judge } from "../judge/judge.ts";
import { sampleRows } from "../numbers/spread-sample.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Rows tokenised at most, spread evenly over the file; a larger file's figures are estimates. */
const SAMPLE = 2_000;

/** Renders and packs rows: shows one, and says how long they are and how many must be shortened. */
export async function checkPrompts(judging: Judge, dataset: Dataset, signal: AbortSignal): Promise<readonly Finding[]> {
  const rows = sampleRows(dataset.ids.length, SAMPLE);
  const lengths: number[] = [];
  let shortened = 0;
  let cut = 0;
  let neutralised = 0;
  for (const row of rows) {
    signal.throwIfAborted();
    const task = await judging.prepare(row, "ab", null);
    lengths.push(task.ids.length);
    if (task.cutTokens > 0) shortened += 1;
    cut += task.cutTokens;
    if (task.neutralised > 0) neutralised += 1;
  }
  lengths.sort((one, other) => one - other);
  const at = (share: number): number => lengths[Math.floor(share * (lengths.length - 1))] ?? 0;
  const of = rows.length < dataset.ids.length ? `of a sample of ${rows.length} rows` : `of ${rows.length} rows`;
  return [
    ok("prompt", `row ${dataset.ids[0]} as it is sent:\n${await judging.show(0, "ab")}`),
    ok("labels", judging.labels),
    ok(
      "tokens",
      `median ${at(0.5)}, 95th percentile ${at(0.95)}, longest ${at(1)} ${of}; the budget is ${judging.budget}`,
    ),
    shortened > rows.length / 4
      ? warning("shortened", `${shortened} ${of}, by ${mean(cut, shortened)} tokens on average`, "raise the context")
      : ok("shortened", `${shortened} ${of}${shortened > 0 ? `, by ${mean(cut, shortened)} tokens on average` : ""}`),
    ...(neutralised > 0 ? [ok("control tokens", `${neutralised} ${of} hold control tokens; they are defused`)] : []),
  ];
}

function mean(sum: number, count: number): string {
  return (sum / Math.max(1, count)).toFixed(0);
}
