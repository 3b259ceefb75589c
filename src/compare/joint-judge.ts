import { AbtieError } from "../errors.ts";
import type { Judge, JudgeLoader } from "../judge/judge.ts";
import type { VariantRun } from "./variant-run.ts";

/** The judging of several variants on one engine, opened together. */
export interface JointJudgeLoader extends JudgeLoader {
  /** One for each opener, once an engine has been probed. */
  readonly judgings: () => readonly Judge[];
}

/** Joins the openers of variants that share an engine: whatever is opened or probed is so for each of them, the first speaking for all. */
export function joinJudgeLoaders(contestants: readonly Pick<VariantRun, "name" | "opener">[]): JointJudgeLoader {
  const openers = contestants.map(naming);
  const [first, ...others] = openers;
  if (first === undefined) throw new Error("there is no opener to join");
  const found = new Map<JudgeLoader, Judge>();
  const keep = (opener: JudgeLoader, judging: Judge): void => {
    const known = found.get(opener);
    // With several servers the smallest context rules, so that every row fits wherever it goes.
    if (known === undefined || judging.budget < known.budget) found.set(opener, judging);
  };
  return {
    template: first.template,
    local: openers.every(({ local }) => local),
    open: async (maxModelLen) => {
      const judging = await first.open(maxModelLen);
      for (const opener of others) await opener.open(maxModelLen);
      return judging;
    },
    probe: async (server) => {
      const probed = await first.probe(server);
      keep(first, probed.judge);
      for (const opener of others) keep(opener, (await opener.probe(server)).judge);
      return probed;
    },
    judgings: () =>
      openers.map((opener) => {
        const judging = found.get(opener);
        if (judging === undefined) throw new Error("judgings are known once an engine has been probed");
        return judging;
      }),
  };
}

/** What is wrong with one variant is told with its name. */
function naming({ name, opener }: Pick<VariantRun, "name" | "opener">): JudgeLoader {
  const named = (error: unknown): never => {
    if (!(error instanceof AbtieError)) throw error;
    const { code, message, details } = error;
    throw new AbtieError(code, `variant ${name}: ${message}`, { cause: error, details });
  };
  return {
    ...opener,
    open: (maxModelLen) => opener.open(maxModelLen).catch(named),
    probe: (server) => opener.probe(server).catch(named),
  };
}
