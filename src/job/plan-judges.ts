import { uniform } from "../classes.ts";
import type { Config } from "../config/config.ts";
import type { Pilot } from "../escalate/file.ts";
import type { EscalationModel } from "../escalate/model.ts";
import { type EscalationRow, type Pace, planEscalation } from "../escalate/plan.ts";
import { sum } from "../numbers/sums.ts";
import { guessedPace, slowerBy, startUpOf } from "./engine-guesses.ts";
import { type EngineSharing, stepsOf } from "./escalator.ts";

/** What a run with two judges would do, before any row is judged: every row counts as equally uncertain. Times are in seconds. */
export interface JudgesPlan {
  /** Names of both judges. */
  readonly judges: readonly [first: string, second: string];
  readonly sharing: EngineSharing;
  /** Start of the first engine, 0 when it was never measured, and the time in which the first judge judges every row once. */
  readonly firstStartUp: number;
  readonly firstPass: number;
  /** Start of the second engine after the stop of the first. */
  readonly secondStartUp: number;
  /** What is not measured but assumed: the start of the second engine, its speed, or both. */
  readonly assumed: readonly ("start" | "speed")[];
  /** When the first engine is stopped, counted from the start of the run; null when it is not, or works beside the second. */
  readonly switchAfter: number | null;
  /** Expected answers besides the first pass: the first judge's in the swapped order, and those of the second. */
  readonly answers: { readonly swapped: number; readonly secondAsGiven: number; readonly secondSwapped: number };
}

/** What is known of the engines of two judges. */
export interface JudgesKnown {
  readonly sharing: EngineSharing;
  readonly model: EscalationModel;
  readonly pilot: Pilot | null;
  /** Prompt tokens of every row, by judge. */
  readonly lengths: readonly [first: readonly number[], second: readonly number[]];
  readonly tokensPerSecond: readonly [first: number, second: number | null];
  readonly startUpSeconds: readonly [first: number | null, second: number | null];
  /** Time from the start of the run to the end of work; null without a deadline. */
  readonly workSeconds: number | null;
}

/** Makes the plan; see planEscalation. */
export function planJudges(config: Config, known: JudgesKnown): JudgesPlan | null {
  const { escalation } = config;
  if (escalation === null) return null;
  const { sharing, model, pilot, lengths, tokensPerSecond, startUpSeconds, workSeconds } = known;
  const first: Pace = { secondsPerRow: 0, secondsPerToken: 1 / tokensPerSecond[0], error: MEASURED };
  const second: Pace =
    tokensPerSecond[1] === null
      ? guessedPace(first, slowerBy(pilot))
      : { secondsPerRow: 0, secondsPerToken: 1 / tokensPerSecond[1], error: MEASURED };
  const firstStartUp = startUpSeconds[0] ?? 0;
  const firstPass = sum(lengths[0]) / tokensPerSecond[0];
  const startUp = startUpOf(startUpSeconds[1], { pilot, first: startUpSeconds[0] });
  const left = workSeconds === null ? Number.POSITIVE_INFINITY : Math.max(0, workSeconds - firstStartUp - firstPass);
  const steps = stepsOf(config);
  const rows = lengths[0].map(
    (tokens, row): EscalationRow => ({
      row,
      probabilities: uniform(config.classes),
      counts: [1, 0],
      open: steps,
      tokens: [tokens, lengths[1][row] ?? tokens],
    }),
  );
  const wholeTime = workSeconds === null ? left : Math.max(0, workSeconds - startUp.seconds);
  const engines =
    sharing === "turns"
      ? ({ kind: "turns", running: 0, secondsLeft: left, startUp } as const)
      : ({ kind: "side-by-side", secondsLeft: [left, wholeTime] } as const);
  const planned = planEscalation({ model, rows, paces: [first, second], engines });
  const [swapped, further] = planned.steps;
  const asGiven = further.filter(({ step }) => step.order === "ab").length;
  const switches = sharing === "turns" && further.length > 0;
  return {
    judges: escalation.names,
    sharing,
    firstStartUp,
    firstPass,
    secondStartUp: startUp.seconds,
    assumed: [
      ...(startUpSeconds[1] === null && (pilot?.startUpSeconds[1] ?? null) === null ? (["start"] as const) : []),
      ...(tokensPerSecond[1] === null && (pilot?.tokensPerSecond ?? null) === null ? (["speed"] as const) : []),
    ],
    switchAfter: switches ? firstStartUp + firstPass + sum(swapped.map(({ seconds }) => seconds)) : null,
    answers: { swapped: swapped.length, secondAsGiven: asGiven, secondSwapped: further.length - asGiven },
  };
}

/** Relative error of a pace that was measured. */
const MEASURED = 0.1;
