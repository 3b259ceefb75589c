import type { BenchStart } from "../../bench/bench-file.ts";
import type { Config } from "../../config/config.ts";
import type { PlanSpeed } from "../render/plan.ts";

/** The speed of a plan: tokens per second, the bench.json that it is from, and what a person is told of it. */
interface FoundSpeed {
  readonly tokensPerSecond: number | null;
  readonly benchFile: string | null;
  readonly said: PlanSpeed;
}

/**
 * Decides which speed a plan has: that of a flag, else that of the bench.json that a flag names, else that of the one in the run
 * folder. Throws like findBench.
 */
export async function planSpeed(
  config: Pick<Config, "runFolder">,
  named: { readonly tokensPerSecond?: number | undefined; readonly bench: BenchStart | null },
): Promise<FoundSpeed> {
  const { findBench } = await import("../../bench/bench-file.ts");
  if (named.tokensPerSecond !== undefined) {
    const benchFile = named.bench?.file ?? null;
    return { tokensPerSecond: named.tokensPerSecond, benchFile, said: { from: "flag" } };
  }
  const bench = named.bench ?? (await findBench(config));
  if (bench === null) return { tokensPerSecond: null, benchFile: null, said: { from: "nowhere" } };
  const { file, tokensPerSecond } = bench;
  return {
    tokensPerSecond,
    benchFile: file,
    said: { from: "bench", file, tokensPerSecond, isFound: named.bench === null },
  };
}
