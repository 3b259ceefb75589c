import { describeLowMass, GATE_ROWS, judgeMass, type MassVerdict } from "../judge/mass-gate.ts";
import type { Log } from "../types.ts";

/** Watches the label mass of the rows of a job while they are answered, and says once when it is low or unknown. */
export interface MassWatch {
  /** Judges the rows of earlier sessions, if they are enough. */
  readonly begin: () => void;
  /** Adds the label mass of a row that was answered in its first order; null when the server does not give it. */
  readonly add: (mass: number | null) => void;
  /** Judges all rows that are answered, because no further row will be. */
  readonly end: () => void;
  /** Aborts when the job must stop, because its labels get almost no probability. */
  readonly stopped: AbortSignal;
  /** True once the job was stopped, and before the first verdict while the rows so far, however few, would stop it if it ended now. */
  readonly isTooLow: () => boolean;
  /** The verdict that was made last. */
  readonly verdict: () => MassVerdict;
}

/**
 * Creates the watch. The label mass is judged at 60 answered rows, and again whenever their number has doubled. Only the first of
 * these verdicts, or the one at the end of a smaller job, stops a job: what later rows say is a warning.
 */
export function createMassWatch(options: {
  /** Label masses of the rows that earlier sessions answered; null for a row whose mass the server does not give. */
  readonly earlier: Iterable<number | null>;
  /** True to go on although the labels get almost no probability. */
  readonly force: boolean;
  /** False for a judge that can answer with nothing but the labels: an unknown label mass then needs no warning. */
  readonly hasMass: boolean;
  readonly log: Log;
  /** Begins each message, to tell several jobs apart, for example `rules: `. */
  readonly prefix?: string;
}): MassWatch {
  const { force, hasMass, log, prefix = "" } = options;
  const masses: number[] = [];
  let unknown = 0;
  let nextAt = GATE_ROWS;
  const stop = new AbortController();
  let verdict: MassVerdict = { kind: "too-few" };
  const said = new Set<MassVerdict["kind"]>();

  const count = (mass: number | null): void => {
    if (mass === null) unknown += 1;
    else masses.push(mass);
  };
  const judge = (ended: boolean): void => {
    const isFirst = verdict.kind === "too-few";
    verdict = judgeMass({ masses, unknown, ended });
    // A job that stops says more than one line, see `lowMassDetails`.
    if (isFirst && verdict.kind === "too-low" && !force) stop.abort(new Error("the label mass is too low"));
    else if (!said.has(verdict.kind)) say(verdict);
    said.add(verdict.kind);
  };
  const say = (found: MassVerdict): void => {
    switch (found.kind) {
      case "too-few":
      case "high":
        return;
      case "unknown":
        if (!hasMass) return;
        log(
          "warn",
          `${prefix}The label mass is unknown: the server gives probabilities relative to the labels only, so nothing shows whether the model answers with a label.`,
        );
        return;
      case "low":
      case "too-low":
        log("warn", prefix + describeLowMass(found));
        return;
      default:
        found satisfies never;
    }
  };
  const judgeIfDue = (): void => {
    const answered = masses.length + unknown;
    if (answered < nextAt) return;
    nextAt = 2 * answered;
    judge(false);
  };

  let soFar = { rows: 0, isTooLow: false };
  const isTooLowSoFar = (): boolean => {
    const rows = masses.length + unknown;
    if (rows !== soFar.rows) soFar = { rows, isTooLow: judgeMass({ masses, unknown, ended: true }).kind === "too-low" };
    return soFar.isTooLow;
  };

  for (const mass of options.earlier) count(mass);
  return {
    begin: judgeIfDue,
    add: (mass) => {
      count(mass);
      judgeIfDue();
    },
    end: () => judge(true),
    stopped: stop.signal,
    isTooLow: () => stop.signal.aborted || (!force && verdict.kind === "too-few" && isTooLowSoFar()),
    verdict: () => verdict,
  };
}
