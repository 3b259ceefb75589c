import type { Config } from "../config/config.ts";
import type { Pilot } from "../escalate/file.ts";
import type { Pace } from "../escalate/plan.ts";
import type { RunState } from "../runfolder/state/run-state.ts";

/** Without any measurement, the second judge is expected to take this many times as long as the first, with this relative error. */
const SLOWER = 8;
const SLOWER_ERROR = 0.7;
/** The ratios of the speeds and of the starts in a run with labelled rows, or in benches, have this relative error for another run. */
const PILOT_ERROR = 0.3;
/** Without any measurement, the second engine is expected to start this many times as long as the first, with this relative error. */
const LONGER_START = 2;
const LONGER_START_ERROR = 0.5;
const MEASURED_START_ERROR = 0.2;
/** The start of an engine that was never seen to start, s. */
const USUAL_START = 120;

/** Fills in the speeds that benches measured, prompt tokens a second, where labelled rows showed none. */
export function withBenches(
  pilot: Pilot | null,
  [first, second]: readonly [first: number | null, second: number | null],
): Pilot | null {
  if (first === null || second === null) return pilot;
  const { tokensPerSecond, startUpSeconds } = pilot ?? { tokensPerSecond: null, startUpSeconds: [null, null] as const };
  return { tokensPerSecond: tokensPerSecond ?? [first, second], startUpSeconds };
}

/** How many times as long as the first judge the second takes for a token, and the relative error of that. */
interface Slower {
  readonly factor: number;
  readonly error: number;
}

/** The ratio of the paces that labelled rows or benches showed, maybe on another machine, or else a guess. */
export function slowerBy(pilot: Pilot | null): Slower {
  const speeds = pilot?.tokensPerSecond ?? null;
  return speeds === null
    ? { factor: SLOWER, error: SLOWER_ERROR }
    : { factor: speeds[0] / speeds[1], error: PILOT_ERROR };
}

/** Guesses the pace of a second judge that was not measured in this run, from that of the first. */
export function guessedPace({ secondsPerRow, secondsPerToken }: Pace, { factor, error }: Slower): Pace {
  return { secondsPerRow: factor * secondsPerRow, secondsPerToken: factor * secondsPerToken, error };
}

/** The time that the engine of a config takes to start, s: 0 for one that runs already; null when abtie starts it and never has. */
export function knownStart(
  { engine }: Pick<Config, "engine">,
  { longestStartUpSeconds }: Pick<RunState, "longestStartUpSeconds">,
): number | null {
  return engine.kind === "spawn" ? longestStartUpSeconds : 0;
}

/**
 * The start of the second engine, s, as it is known. Else that of the labelled rows, as many times as long as the first engine took this
 * time longer than then, because the model may be on another machine or disk; else it is guessed from that of the first.
 */
export function startUpOf(
  measured: number | null,
  { pilot, first }: { readonly pilot: Pilot | null; readonly first: number | null },
): { seconds: number; error: number } {
  if (measured !== null) return { seconds: measured, error: MEASURED_START_ERROR };
  const [firstThen, secondThen] = pilot?.startUpSeconds ?? [null, null];
  const isMeasured = first !== null && first > 0;
  if (secondThen !== null && firstThen !== null && isMeasured) {
    return { seconds: (secondThen * first) / firstThen, error: PILOT_ERROR };
  }
  if (secondThen !== null) return { seconds: secondThen, error: LONGER_START_ERROR };
  return { seconds: first === null ? USUAL_START : LONGER_START * first, error: LONGER_START_ERROR };
}
