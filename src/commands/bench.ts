import { join } from "node:path";
import { type Forecast, forecastJob } from "../bench/forecast.ts";
import { type Lengths, measureLengths } from "../bench/lengths.ts";
import { measureEngine } from "../bench/measure.ts";
import { renderPicture } from "../bench/picture.ts";
import { samplingOrderOf } from "../bench/sampling-order.ts";
import { type Speeds, speedsOf } from "../bench/speeds.ts";
import type { Suggestion } from "../bench/suggestion.ts";
import type { Stage } from "../bench/sweep.ts";
import { levelOf } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { firstSetting } from "../pool/first-setting.ts";
import { openEnginePool } from "../pool/pool.ts";
import { duration } from "../report/text/number.ts";

export interface BenchOptions {
  /** Rows of the job that is foretold; null takes those of the file. */
  readonly rows: number | null;
  /** Rows that the time is fitted to. */
  readonly sample: number;
  /** Gives the time (ms) for which the client's thread was at work so far. */
  readonly busyMs: () => number;
}

/** What a bench found; bench.json holds it. */
export interface BenchResult {
  readonly format: 1;
  readonly engine: { readonly name: string; readonly version: string | null; readonly method: string | null };
  readonly template: string;
  readonly input: string;
  readonly lengths: Omit<Lengths, "rows"> & { readonly tokenised: number; readonly rows: number };
  readonly speeds: Speeds;
  readonly forecast: Forecast;
  /** The verdict in one line. */
  readonly verdict: string;
  /** Prompts that were scored for this, requests that failed, and seconds that it took. */
  readonly cost: { readonly prompts: number; readonly failed: number; readonly seconds: number };
  readonly files: { readonly json: string; readonly picture: string };
}

/** Rows that are tokenised at most; more would tell the mean length no better. */
const MOST_TOKENISED = 4_000;
const LEAST_ROWS = 8;
/** No further setting is begun after this time. */
const SWEEP_MS = 180_000;

/**
 * Measures how fast the engine of a config scores rows of its file, and foretells the job. Writes bench.json and bench.svg
 * into the run folder. Throws AbtieError: config, data, engine; the signal's reason when interrupted.
 */
export async function bench(config: Config, options: BenchOptions, effects: Effects): Promise<BenchResult> {
  const { clock, signal } = effects;
  const began = clock.monotonic();
  const step = (name: string, text: string): void => effects.progress({ stage: "step", name, text });
  await using dataset = await openRows(config, signal);
  if (dataset.ids.length < LEAST_ROWS) {
    throw new AbtieError(
      "data",
      `${config.input} has ${dataset.ids.length} rows: a bench needs at least ${LEAST_ROWS}`,
    );
  }
  const opener = await createJudgeLoader(config, dataset);
  if (opener.local) await opener.open(null);
  const openingAt = clock.monotonic();
  const folder = { path: join(config.runFolder, "bench") };
  await using slots = await openEnginePool({ config, opener, folder, recorder: { record: () => {} }, effects, signal });
  const startUpMs = clock.monotonic() - openingAt;
  const lengths = await measureLengths({
    ...{ dataset, judging: slots.judging, most: MOST_TOKENISED, clock, signal },
    onProgress: (done, total) => step("lengths", `${done} of ${total} rows tokenised`),
  });
  const measured = await measureEngine({
    ...{ config, slots, effects, busyMs: options.busyMs, supply: samplingOrderOf(lengths, options.sample) },
    sweep: {
      fixed: config.concurrency === null ? null : firstSetting(config),
      promptsPerRequest: config.promptsPerRequest,
      sampleRows: Math.min(options.sample, lengths.rows.length),
      limitMs: SWEEP_MS,
    },
    onStage: (stage) => step("measuring", describe(stage)),
  });
  const speeds = speedsOf(measured, lengths, batchedTokens(config.engine));
  const forecast = forecastJob({
    ...{ config, fit: speeds.fit, meanTokens: lengths.meanTokens, startUpMs, now: clock.now() },
    rows: options.rows ?? dataset.ids.length,
  });
  const engine = slots.first();
  const { rows: tokenised, ...rest } = lengths;
  const result: BenchResult = {
    format: 1,
    engine: { name: config.engine.name, version: engine?.version ?? null, method: engine?.method ?? null },
    template: opener.template.name,
    input: config.input,
    lengths: { ...rest, tokenised: tokenised.length, rows: dataset.ids.length },
    speeds,
    forecast,
    verdict: verdictLine(forecast, speeds.untried),
    cost: { prompts: measured.sent, failed: measured.failed, seconds: (clock.monotonic() - began) / 1_000 },
    files: { json: join(config.runFolder, "bench.json"), picture: join(config.runFolder, "bench.svg") },
  };
  await writeAtomic(result.files.json, `${JSON.stringify(result, null, 2)}\n`);
  await writeAtomic(result.files.picture, renderPicture(speeds, result.verdict));
  return result;
}

/** The limit that a server of ours was started with. */
function batchedTokens(engine: Config["engine"]): number | null {
  if (engine.kind !== "spawn") return null;
  const flag = "--max-num-batched-tokens";
  const at = engine.args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const value = Number(engine.args[at] === flag ? engine.args[at + 1] : engine.args[at]?.split("=")[1]);
  return Number.isInteger(value) && value > 0 ? value : null;
}

function describe({ kind, setting }: Stage): string {
  const { concurrency, promptsPerRequest } = setting;
  if (kind === "sample") return `the sample, with ${concurrency} requests of ${promptsPerRequest} prompts in flight`;
  return `${levelOf(setting)} prompts in flight, ${promptsPerRequest} a request`;
}

const WORDS = { yes: "fits", tight: "may not fit", no: "does not fit" } as const;

/** A gain below this is not worth a person's attention. */
const WORTH = 1.01;

function verdictLine({ rows, time, deadlineMs, verdict }: Forecast, untried: Suggestion | null): string {
  const forecast = `${duration(time.value)} (95 %: ${duration(time.low)} to ${duration(time.high)})`.replaceAll(
    "\u00a0",
    " ",
  );
  const job = `${rows.toLocaleString("en-US")} rows`;
  const more =
    untried === null || untried.gain < WORTH
      ? ""
      : `, ${untried.gain.toFixed(2)} times cheaper with ${untried.setting} ${untried.value} (not tried)`;
  if (verdict === null || deadlineMs === null) return `${job}: ${forecast}${more}`;
  return `${job} in ${duration(deadlineMs).replaceAll("\u00a0", " ")}: ${WORDS[verdict.fits]}, ${forecast}${more}`;
}
