import { AbtieError } from "../errors.ts";
import type { Judge } from "../judge/judge.ts";
import type { Prober } from "../pool/pool.ts";
import type { VariantRun } from "./variant-run.ts";

/** Loads the judges of all variants that share an engine. The judges are in the order of the variants. */
export interface JointJudgeLoader extends Prober<readonly Judge[]> {
  /** True when no variant needs the server for tokenising. */
  readonly local: boolean;
  /** Opens every judge without a server, so that mistakes are found early. Requires that `local` is true. */
  readonly check: () => Promise<void>;
}

/** Joins the loaders of variants that share an engine. The server is probed with the prompt of the first variant. */
export function joinJudgeLoaders(
  runs: readonly [Pick<VariantRun, "name" | "loader">, ...Pick<VariantRun, "name" | "loader">[]],
): JointJudgeLoader {
  return {
    local: runs.every(({ loader }) => loader.local),
    check: async () => {
      for (const { name, loader } of runs) await loader.open(null).catch(rethrowFor(name));
    },
    probe: async (server) => {
      const [first, ...others] = runs;
      const { judge, input } = await first.loader.probe(server).catch(rethrowFor(first.name));
      const judges = [judge];
      for (const { name, loader } of others) {
        judges.push((await loader.probe(server).catch(rethrowFor(name))).judge);
      }
      return { judge: judges, input };
    },
  };
}

/** Makes a function that puts the name of the variant before the message of an AbtieError and throws it again. */
function rethrowFor(name: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof AbtieError)) throw error;
    const { code, message, details } = error;
    throw new AbtieError(code, `variant ${name}: ${message}`, { cause: error, details });
  };
}
