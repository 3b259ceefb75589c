import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import type { Override } from "../job/open-config.ts";

/** What other commands take from a bench. */
export interface BenchFacts {
  /** Begins the search for what is in flight where the bench found the best. */
  readonly override: Override;
  /** Speed of the engine at its best, over the rows of the file. */
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

/** Reads bench.json. Throws AbtieError("config") when it cannot be read or is none. */
export async function readBench(path: string, { cwd }: Pick<Effects, "cwd">): Promise<BenchFacts> {
  const file = resolve(cwd, path);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new AbtieError("config", `--bench: ${file} cannot be read: give the bench.json that abtie bench wrote`, {
      cause,
    });
  });
  const parsed = benchSchema.safeParse(parse(text));
  if (!parsed.success) {
    throw new AbtieError("config", `--bench: ${file} is not what abtie bench writes; run it again`, {
      details: z.prettifyError(parsed.error).split("\n"),
    });
  }
  const { speeds, lengths } = parsed.data;
  const { concurrency, promptsPerRequest } = speeds.best;
  const rowMs = speeds.fit.rowMs + speeds.fit.tokenMs * lengths.meanTokens;
  return {
    override: { from: "--bench", set: { engine: { concurrency, prompts_per_request: promptsPerRequest } } },
    tokensPerSecond: (1_000 * lengths.meanTokens) / rowMs,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
