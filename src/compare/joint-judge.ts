import { AbtieError } from "../errors.ts";
import type { Judging } from "../judge/generative/judge.ts";
import type { JudgingOpener } from "../judge/generative/load-judge.ts";
import type { Contestant } from "./variant-run.ts";

/** The judging of several variants on one engine, opened together. */
export interface JointOpener extends JudgingOpener {
  /** One for each opener, once an engine has been probed. */
  readonly judgings: () => readonly Judging[];
}

/** Joins the openers of variants that share an engine: whatever is opened or probed is so for each of them, the first speaking for all. */
export function joinOpeners(contestants: readonly Pick<Contestant, "name" | "opener">[]): JointOpener {
  const openers = contestants.map(naming);
  const [first, ...others] = openers;
  if (first === undefined) throw new Error("there is no opener to join");
  const found = new Map<JudgingOpener, Judging>();
  const keep = (opener: JudgingOpener, judging: Judging): void => {
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
      keep(first, probed.judging);
      for (const opener of others) keep(opener, (await opener.probe(server)).judging);
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
function naming({ name, opener }: Pick<Contestant, "name" | "opener">): JudgingOpener {
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
