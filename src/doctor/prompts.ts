import type { Dataset } from "../dataset/open-dataset.ts";
import { placeOfRow } from "../dataset/place.ts";
import { AbtieError } from "../errors.ts";
import { plural } from "../format.ts";
import type { Inspection, Judge, ShownToken } from "../judge/judge.ts";
import { quantiles } from "../numbers/quantile.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { type Finding, ok, warning } from "./finding.ts";
import { WHOLE_PROMPT } from "./verdict.ts";

/**
 * Largest number of rows to tokenise, spread evenly over the file. For a file with more rows, the numbers are
 * estimates.
 */
const SAMPLE = 2_000;

/**
 * Renders and tokenises rows. Reports one of their prompts, its end as the model sees it, the labels behind it, the lengths of the
 * prompts, and the number of rows that must be shortened.
 */
export async function checkPrompts(judge: Judge, dataset: Dataset, signal: AbortSignal): Promise<readonly Finding[]> {
  const rows = spreadSample(dataset.ids.length, SAMPLE);
  const lengths: number[] = [];
  let shortened = 0;
  let cut = 0;
  let neutralised = 0;
  let refused = 0;
  for (const row of rows) {
    signal.throwIfAborted();
    const task = await judge.prepare(row, "ab", null);
    lengths.push(task.ids.length);
    if (task.cutTokens > 0) shortened += 1;
    cut += task.cutTokens;
    if (task.neutralised > 0) neutralised += 1;
    if (task.refusal !== null) refused += 1;
  }
  const [median, p95, longest] = quantiles(lengths, [0.5, 0.95, 1]).map(Math.round);
  const byHow = shortened === 0 ? "" : `, by ${plural(cut / shortened, "token")} on average`;
  const of =
    rows.length < dataset.ids.length
      ? `of a sample of ${plural(rows.length, "row")}`
      : `of ${plural(rows.length, "row")}`;
  return [
    ...(await describePromptEnd(judge, dataset)),
    ok(WHOLE_PROMPT, `${placeOfRow(dataset, 0)}:\n${await judge.show(0, "ab")}`),
    ok("tokens", `median ${median}, 95th percentile ${p95}, longest ${longest} ${of}; the budget is ${judge.budget}`),
    shortened > rows.length / 4
      ? warning("shortened", `${shortened} ${of}${byHow}`, "raise the context")
      : ok("shortened", `${shortened} ${of}${byHow}`),
    ...judge.doubts.map(({ text, remedy }) => warning("model", text, remedy)),
    ...(judge.plainTurns === null
      ? []
      : [warning("turns", judge.plainTurns, "take a model with control tokens if the texts may be hostile")]),
    ...(refused > 0
      ? [
          warning(
            "control tokens",
            `${refused} ${of} cannot be sent: the template changes or joins their texts to control tokens`,
            "use a template that does not change its texts",
          ),
        ]
      : []),
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

async function describePromptEnd(judge: Judge, dataset: Dataset): Promise<readonly Finding[]> {
  const inspection = await judge.inspect(0, "ab").catch((cause: unknown) => {
    if (!(cause instanceof AbtieError)) throw cause;
    return cause;
  });
  if (inspection instanceof AbtieError) {
    const remedy = "set engine.tokenizer to the folder of the model's tokenizer";
    return [
      warning("prompt end", `cannot be shown: ${inspection.message}`, remedy),
      labelsFinding(judge, judge.labels),
    ];
  }
  const { end, lastTokens, labels, variables, date } = inspection;
  return [
    ok(
      "prompt end",
      `${placeOfRow(dataset, 0)}, as the model sees it: ${JSON.stringify(end)}\nlast tokens: ${lastTokens.map(showToken).join(" ")}`,
    ),
    ...(variables.length === 0 && date === null ? [] : [ok("chat template", describeVariables(inspection))]),
    labelsFinding(
      judge,
      labels.length === 0
        ? judge.labels
        : labels
            .map(({ label, text, tokens }) => `${label}: ${JSON.stringify(text)} = ${tokens.map(showToken).join(" ")}`)
            .join("; "),
    ),
  ];
}

function labelsFinding(judge: Judge, text: string): Finding {
  if (judge.unequalLabels === null) return ok("labels", text);
  const remedy = 'take labels with equal numbers of tokens, for example "A", "B" and "C"';
  return warning("labels", `${text}\n${judge.unequalLabels}`, remedy);
}

/** Says which variables of chat_template_kwargs change the prompt, so that a switch without effect is seen. */
function describeVariables({ variables, date }: Inspection): string {
  const list = (changing: boolean): string =>
    variables
      .filter(({ changesPrompt }) => changesPrompt === changing)
      .map(({ name, value }) => `${name}: ${JSON.stringify(value)}`)
      .join(", ");
  const [used, unused] = [list(true), list(false)];
  const parts = [
    used === "" ? "no variable of chat_template_kwargs changes the prompt" : `changed by ${used}`,
    ...(unused === "" ? [] : [`without effect: ${unused}`]),
    ...(date === null ? [] : [`prints the day ${date}`]),
  ];
  return parts.join("; ");
}

function showToken({ id, text }: ShownToken): string {
  return `${JSON.stringify(text)} (${id})`;
}
