import { argmax, logSoftmax } from "../classes.ts";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { placeOfRow } from "../dataset/place.ts";
import type { Engine } from "../engine/engine.ts";
import { formatFixed, formatMass, formatSignificant, plural } from "../format.ts";
import { describeDifference } from "../judge/compare-tokenizers.ts";
import { type Judge, scoreBatch, type Task } from "../judge/judge.ts";
import { median } from "../numbers/quantile.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { mean } from "../numbers/sums.ts";
import { partsOfUrl } from "../secrets/url.ts";
import type { PerClass, Reading } from "../types.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Number of rows on which two engines are compared, spread evenly over the file. */
const SAMPLE = 60;
const PROMPTS_PER_REQUEST = 4;
const PROMPTS = "prompts on both engines";
const NUMBERS = "numbers of both engines";

/** How far the answers of two engines to the same prompts are apart. */
export interface EngineDifference {
  readonly rows: number;
  /** Largest and mean absolute difference (nats) of a label's log probability. */
  readonly largest: number;
  readonly mean: number;
  /** Rows in which the two engines give the largest probability to different labels. */
  readonly flips: number;
  /**
   * False when one of the engines gives no label mass, so that the log probabilities are compared among the labels only; true when
   * they are over the whole vocabulary.
   */
  readonly absolute: boolean;
  /** Labels that one of the engines gives only an upper bound for; they are not compared. */
  readonly bounded: number;
}

/** Compares the readings of two engines, prompt by prompt. Rows in which a label is only bounded count as not compared. */
export function compareReadings(one: readonly Reading[], other: readonly Reading[]): EngineDifference {
  const pairs = one.flatMap((reading, row) => {
    const partner = other[row];
    return partner === undefined || reading.bounded || partner.bounded ? [] : [[reading, partner] as const];
  });
  const absolute = pairs.every(([a, b]) => a.mass !== null && b.mass !== null);
  const values = (reading: Reading): PerClass => (absolute ? reading.logProbs : logSoftmax(reading.logProbs));
  const differences = pairs.flatMap(([a, b]) => {
    const [from, to] = [values(a), values(b)];
    return from.map((value, label) => difference(value, to[label] ?? Number.NaN));
  });
  return {
    rows: pairs.length,
    largest: differences.length === 0 ? 0 : Math.max(...differences),
    mean: differences.length === 0 ? 0 : mean(differences),
    flips: pairs.filter(([a, b]) => argmax(a.logProbs) !== argmax(b.logProbs)).length,
    absolute,
    bounded: one.length - pairs.length,
  };
}

/** Two labels with probability 0 do not differ; one alone differs without limit. */
function difference(one: number, other: number): number {
  return one === other ? 0 : Math.abs(one - other);
}

/**
 * Sends the same prompts to two engines and reports how far their answers are apart. `judge` makes the prompts, within the smaller
 * of the two budgets; `otherJudge` is the judge of the second engine, which shows whether that engine's tokenizer would make the same
 * prompts. Throws a RequestError when an engine does not answer.
 */
export async function compareEngines(
  [engine, judge]: readonly [Engine, Judge],
  [other, otherJudge]: readonly [Engine, Judge],
  dataset: Dataset,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const budget = Math.min(judge.budget, otherJudge.budget);
  const rows = spreadSample(dataset.ids.length, SAMPLE);
  const prepare = (by: Judge): Promise<Task[]> => Promise.all(rows.map((row) => by.prepare(row, "ab", budget)));
  const [tasks, otherTasks] = [await prepare(judge), await prepare(otherJudge)];
  const readings = await scoreAll(engine, tasks, signal);
  const otherReadings = await scoreAll(other, tasks, signal);
  return [
    promptFinding(tasks, otherTasks, dataset),
    numbersFinding(compareReadings(readings, otherReadings), { readings, otherReadings }, other.baseUrl),
  ];
}

async function scoreAll(engine: Engine, tasks: readonly Task[], signal: AbortSignal): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  for (let start = 0; start < tasks.length; start += PROMPTS_PER_REQUEST) {
    readings.push(...(await scoreBatch(engine, tasks.slice(start, start + PROMPTS_PER_REQUEST), signal)));
  }
  return readings;
}

function promptFinding(tasks: readonly Task[], otherTasks: readonly Task[], dataset: Dataset): Finding {
  for (const [at, { row, ids: here }] of tasks.entries()) {
    const found = describeDifference(here, otherTasks[at]?.ids ?? []);
    if (found === null) continue;
    return warning(
      PROMPTS,
      `the second engine's tokenizer makes another prompt of ${placeOfRow(dataset, row)}: ${found}. The numbers below are for the prompts of the first engine`,
      "compare the model folders and the chat templates of the two servers",
    );
  }
  return ok(PROMPTS, `the same token ids on both engines, ${plural(tasks.length, "row")}`);
}

function numbersFinding(
  { rows, largest, mean: average, flips, absolute, bounded }: EngineDifference,
  { readings, otherReadings }: { readonly readings: readonly Reading[]; readonly otherReadings: readonly Reading[] },
  url: string,
): Finding {
  if (rows === 0) {
    return warning(
      NUMBERS,
      `nothing to compare with ${url}: in all rows a label is only bounded`,
      "use a server with logprob_token_ids",
    );
  }
  const what = absolute ? "log probabilities" : "log probabilities among the labels (an engine gives no label mass)";
  return ok(
    NUMBERS,
    `${what} against ${url}: largest difference ${nats(largest)}, mean ${nats(average)}; ${plural(flips, "flip")} of the verdict in ` +
      `${plural(rows, "row")}${bounded === 0 ? "" : `; ${plural(bounded, "row")} not compared, because a label is only bounded`}` +
      massText(readings, otherReadings),
  );
}

function nats(value: number): string {
  return `${value >= 0.01 ? formatFixed(value, 3) : formatSignificant(value)} nats`;
}

function massText(readings: readonly Reading[], others: readonly Reading[]): string {
  const middle = (list: readonly Reading[]): string => {
    const masses = list.flatMap(({ mass }) => (mass === null ? [] : [mass]));
    return masses.length === 0 ? "unknown" : formatMass(median(masses));
  };
  return `; median label mass ${middle(readings)} and ${middle(others)}`;
}

/** The config of the second engine: a server that runs at `url`, with everything else as in the first config. */
export function configAgainst(config: Config, url: string, model: string | null): Config {
  const { name, tokenizer, chatTemplateKwargs, maxModelLen, concurrency, promptsPerRequest, method, classes, apiKey } =
    config.engine;
  const shared = { name, tokenizer, chatTemplateKwargs, maxModelLen, concurrency, promptsPerRequest };
  const common = { ...shared, method, classes, apiKey };
  const { shown, ...access } = partsOfUrl(url);
  return { ...config, engine: { ...common, kind: "attach", urls: [shown], access: [access], model } };
}
