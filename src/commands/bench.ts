import { join } from "node:path";
import { type BenchResult, benchFiles, writeBench } from "../bench/bench-file.ts";
import { forecastJob, forecastLine } from "../bench/forecast.ts";
import { measureLengths } from "../bench/lengths.ts";
import { measureEngine } from "../bench/measure.ts";
import { secondsPerSample } from "../bench/seconds-per-sample.ts";
import { speedsOf } from "../bench/speeds.ts";
import { batchedTokensOf } from "../bench/suggestion.ts";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { formatCount, plural } from "../format.ts";
import { filesInRunFolder } from "../job/job-files.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { createMassWatch } from "../job/mass-watch.ts";
import { openRows } from "../job/open-rows.ts";
import { pinDate } from "../job/pin-date.ts";
import { openEnginePool } from "../pool/pool.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";

export interface BenchOptions {
  /** Rows of the job that is forecast; null takes those of the file. */
  readonly rows: number | null;
  /** Rows that the time is fitted to. */
  readonly sample: number;
  /** Go on although the labels get almost no probability. */
  readonly force?: boolean;
  /** Gives the time (ms) for which the client's thread was busy so far. */
  readonly busyMs: () => number;
}

const LEAST_ROWS = 8;

/**
 * Measures how fast the engine of a config scores rows of its file, and forecasts the job. Writes bench.json and bench.svg
 * into the run folder. Throws AbtieError: config, data, engine; the signal's reason when interrupted.
 */
export async function bench(config: Config, options: BenchOptions, effects: Effects): Promise<BenchResult> {
  const { clock, signal, cwd } = effects;
  await refuseOutputs(filesInRunFolder(config, ["bench.json", "bench.svg", "bench/server.log"], { cwd }));
  const began = clock.monotonic();
  await using dataset = await openRows(config, signal, effects.log);
  const fileRows = dataset.ids.length;
  if (fileRows < LEAST_ROWS) {
    throw new AbtieError(
      "data",
      `${config.input} has ${plural(fileRows, "row")}: a bench needs at least ${LEAST_ROWS}; name a file with more rows with -i`,
    );
  }
  const dated = await pinDate(config, [config.runFolder], effects);
  const loader = await createJudgeLoader(dated, dataset, clock);
  // Mistakes in the template and the labels are found before the engine starts.
  if (loader.local) await loader.open(null);

  const logFolder = join(config.runFolder, "bench");
  await using pool = await openEnginePool({ config, loader, logFolder, record: () => {}, effects, signal });
  // A run takes as long until its first request: the program starts, and reads the rows, the template and the tokenizer.
  const startUpMs = clock.now() - effects.startedAt;

  const lengths = await measureLengths({
    dataset,
    judge: pool.judge,
    clock,
    signal,
    onProgress: (done, total) =>
      effects.progress({
        stage: "step",
        name: "lengths",
        text: `${formatCount(done)} of ${plural(total, "row")} tokenised`,
      }),
  });
  const measurement = await measureEngine({
    config,
    pool,
    lengths,
    sampleRows: options.sample,
    effects,
    busyMs: options.busyMs,
    dataset,
    massWatch: createMassWatch({
      earlier: [],
      force: options.force ?? false,
      hasMass: loader.hasMass,
      log: effects.log,
    }),
  });

  const speeds = speedsOf(measurement, lengths, batchedTokensOf(config.engine));
  const rows = options.rows ?? fileRows;
  const { fit, untried } = speeds;
  const forecast = forecastJob({ config, fit, meanTokens: lengths.meanTokens, startUpMs, now: clock.now(), rows });
  const engine = pool.first();
  const result: BenchResult = {
    format: 1,
    engine: { name: config.engine.name, version: engine?.version ?? null, method: engine?.method ?? null },
    template: loader.template.name,
    input: config.input,
    lengths: { ...lengths, tokenised: lengths.rows.length, rows: fileRows },
    speeds,
    secondsPerSample: secondsPerSample(fit, lengths, forecast.prompts / forecast.rows),
    forecast,
    verdict: forecastLine(forecast, untried),
    cost: { prompts: measurement.sent, failed: measurement.failed, seconds: (clock.monotonic() - began) / 1_000 },
    files: benchFiles(config),
  };
  await writeBench(result);
  return result;
}
