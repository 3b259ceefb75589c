import type { Dataset } from "../dataset/open-dataset.ts";
import { plural } from "../format.ts";
import type { Judge } from "../judge/judge.ts";
import { quantiles } from "../numbers/quantile.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { type Finding, ok, warning } from "./finding.ts";

/**
 * Largest number of rows to tokenise, spread evenly over the file. For a file with more rows, the numbers are
 * estimates.
 */
const SAMPLE = 2_000;

/**
 * Renders and tokenises rows. Reports one of their prompts, their lengths, and the number of rows that must be
 * shortened.
 */
export async function checkPrompts(judge: Judge, dataset: Dataset, signal: AbortSignal): Promise<readonly Finding[]> {
  const rows = spreadSample(dataset.ids.length, SAMPLE);
  const lengths: number[] = [];
  let shortened = 0;
  let cut = 0;
  let neutralised = 0;
  for (const row of rows) {
    signal.throwIfAborted();
    const task = await judge.prepare(row, "ab", null);
    lengths.push(task.ids.length);
    if (task.cutTokens > 0) shortened += 1;
    cut += task.cutTokens;
    if (task.neutralised > 0) neutralised += 1;
  }
  const [median, p95, longest] = quantiles(lengths, [0.5, 0.95, 1]).map(Math.round);
  const byHow = shortened === 0 ? "" : `, by ${plural(cut / shortened, "token")} on average`;
  const of =
    rows.length < dataset.ids.length
      ? `of a sample of ${plural(rows.length, "row")}`
      : `of ${plural(rows.length, "row")}`;
  return [
    ok("prompt", `row ${dataset.ids[0]} as it is sent:\n${await judge.show(0, "ab")}`),
    ok("labels", judge.labels),
    ok("tokens", `median ${median}, 95th percentile ${p95}, longest ${longest} ${of}; the budget is ${judge.budget}`),
    shortened > rows.length / 4
      ? warning("shortened", `${shortened} ${of}${byHow}`, "raise the context")
      : ok("shortened", `${shortened} ${of}${byHow}`),
    ...(neutralised > 0
      ? [
          ok(
            "control tokens",
            `${neutralised} ${of} ${neutralised === 1 ? "holds" : "hold"} control tokens; they are defused`,
          ),
        ]
      : []),
  ];
}
