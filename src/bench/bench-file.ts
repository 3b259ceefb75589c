import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { type Disk, nodeDisk } from "../files/disk.ts";
import { meansMissing } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";
import { parseJson } from "../files/json-lines.ts";
import { schemaProblems } from "../files/schema-problem.ts";
import type { Override } from "../job/open-config.ts";
import type { JobForecast } from "./forecast.ts";
import type { Lengths } from "./lengths.ts";
import { renderPicture } from "./picture.ts";
import type { SecondsPerSample } from "./seconds-per-sample.ts";
import type { Speeds } from "./speeds.ts";

/** The result of a bench. The file bench.json contains it. */
export interface BenchResult {
  readonly format: 1;
  readonly engine: { readonly name: string; readonly version: string | null; readonly method: string | null };
  readonly template: string;
  readonly input: string;
  readonly lengths: Omit<Lengths, "rows"> & { readonly tokenised: number; readonly rows: number };
  readonly speeds: Speeds;
  readonly secondsPerSample: SecondsPerSample;
  readonly forecast: JobForecast;
  /** The forecast as one line of text. */
  readonly verdict: string;
  /**
   * Number of prompts that were scored for the bench, number of failed requests, and duration of the bench in seconds.
   */
  readonly cost: { readonly prompts: number; readonly failed: number; readonly seconds: number };
  readonly files: { readonly json: string; readonly picture: string };
}

/** Names the files of a bench in the run folder. */
export function benchFiles({ runFolder }: Pick<Config, "runFolder">): BenchResult["files"] {
  return { json: join(runFolder, "bench.json"), picture: join(runFolder, "bench.svg") };
}

/** Writes bench.json and bench.svg. Throws AbtieError("data") when a file cannot be written. */
export async function writeBench(result: BenchResult): Promise<void> {
  await writeAtomic(result.files.json, `${JSON.stringify(result, null, 2)}\n`);
  await writeAtomic(result.files.picture, renderPicture(result.speeds, result.verdict));
}

/** The part of a bench that other commands use. */
export interface BenchStart {
  /** The bench.json, as an absolute path. */
  readonly file: string;
  /**
   * An override of the config: the search for the best number of requests in flight begins with the bench's best
   * setting.
   */
  readonly override: Override;
  /** Tokens per second of the engine at its best setting, for a row with the mean length of the file. */
  readonly tokensPerSecond: number;
}

const whole = z.int().min(1);
const benchSchema = z.looseObject({
  format: z.literal(1),
  speeds: z.looseObject({
    best: z.object({ concurrency: whole, promptsPerRequest: whole }),
    fit: z.looseObject({ rowMs: z.number().nonnegative(), tokenMs: z.number().nonnegative() }),
  }),
  lengths: z.looseObject({ meanTokens: z.number().positive() }),
});

/** Reads the bench.json that a flag names. Throws AbtieError("config") when the file cannot be read or is not a bench.json. */
export async function readBench(path: string, { cwd }: Pick<Effects, "cwd">): Promise<BenchStart> {
  const file = resolve(cwd, path);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new AbtieError("config", `--bench: ${file} cannot be read: give the bench.json that abtie bench wrote`, {
      cause,
    });
  });
  return parseBench(file, text, "--bench: ");
}

/**
 * Reads the bench.json in the run folder; null when there is none. Throws AbtieError("config") when it is not one, and
 * AbtieError("data") when it cannot be read.
 */
export async function findBench(
  config: Pick<Config, "runFolder">,
  disk: Pick<Disk, "readFile"> = nodeDisk,
): Promise<BenchStart | null> {
  const { json: file } = benchFiles(config);
  const text = await disk.readFile(file, "utf8").catch((cause: unknown) => {
    if (meansMissing(cause)) return null;
    throw explainFileError("read", file, cause);
  });
  return text === null ? null : parseBench(file, text, "");
}

/** `flag` begins the message about a file that a flag names. */
function parseBench(file: string, text: string, flag: string): BenchStart {
  const parsed = benchSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new AbtieError(
      "config",
      `${flag}${file} is not what abtie bench writes: give the bench.json of a run folder, or run abtie bench again`,
      {
        details: schemaProblems(parsed.error.issues),
      },
    );
  }
  const { speeds, lengths } = parsed.data;
  const { concurrency, promptsPerRequest } = speeds.best;
  const rowMs = speeds.fit.rowMs + speeds.fit.tokenMs * lengths.meanTokens;
  return {
    file,
    override: {
      from: "--bench",
      set: { engine: { concurrency, prompts_per_request: promptsPerRequest } },
      yields: true,
    },
    tokensPerSecond: (1_000 * lengths.meanTokens) / rowMs,
  };
}
