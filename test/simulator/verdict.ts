import type { History } from "../../src/forecast/history.ts";
import { type Below, createBelowMeter } from "./below.ts";
import { drawScenario, type Scenario, type ScenarioBounds } from "./scenario.ts";
import { type Result, type SimulateOptions, simulate } from "./simulate.ts";

/** The outcome of a simulated run. */
export interface Verdict {
  readonly seed: number;
  readonly rows: number;
  readonly faults: readonly string[];
  /** Violations that wrongsOf finds; empty in a correct run. */
  readonly wrongs: readonly string[];
  readonly stop: string;
  readonly priorRows: number;
  readonly below: Below;
  readonly forecasts: readonly ForecastCheck[];
}

/** A forecast of the first pass's end, made when a share of the rows was settled, against the true end. */
export interface ForecastCheck {
  readonly share: number;
  /** (forecast - true) / true of the time that was left. */
  readonly error: number;
  readonly covered: boolean;
  /** Width of the 90 % interval over the time that was left. */
  readonly width: number;
}

/** Runs the scenario of a seed and judges it. */
export function judgeScenario(seed: number, bounds: ScenarioBounds, options: SimulateOptions = {}): Verdict {
  const scenario = drawScenario(seed, bounds);
  const meter = createBelowMeter(scenario);
  const result = simulate(scenario, { ...options, watch: meter.watch });
  return {
    seed,
    rows: scenario.lengths.length,
    faults: scenario.faults.map(({ kind }) => kind),
    wrongs: wrongsOf(scenario, result),
    stop: result.last.stop?.kind ?? "none",
    priorRows: result.rows.filter((row) => row === "prior").length,
    below: meter.result(),
    forecasts: checkForecasts(result.state.history, result.state.first.endedAt),
  };
}

/** Lists violations: rows without exactly one end, ends that the answers contradict, a late end. */
function wrongsOf(
  { lengths, deadlineMs, isTimed, poison }: Scenario,
  { rows, answers, endedAt, last }: Result,
): string[] {
  const wrongs: string[] = [];
  if (rows.length !== lengths.length) wrongs.push(`${rows.length} ends of ${lengths.length} rows`);
  for (const [row, obtained] of rows.entries()) {
    const [first = 0, second = 0] = answers[row] ?? [];
    const isRight =
      first <= 1 &&
      second <= first &&
      (obtained === "prior") === (first === 0) &&
      (obtained === "both-orders") === (second === 1);
    if (!isRight) wrongs.push(`row ${row} is ${obtained} after ${first} and ${second} answers`);
    const isExcused = last.stop?.kind !== "complete" || poison.has(row);
    if (obtained === "prior" && !isExcused) wrongs.push(`row ${row} has no answer although the run was complete`);
  }
  if (isTimed && endedAt > deadlineMs) wrongs.push(`ended ${Math.round(endedAt - deadlineMs)} ms late`);
  return wrongs;
}

function checkForecasts({ marks }: History, endedAt: number | null): readonly ForecastCheck[] {
  if (endedAt === null) return [];
  return marks
    .filter(({ point }) => endedAt > point.at)
    .map(({ share, point: { at, endAt, lowAt, highAt } }) => ({
      share,
      error: (endAt - endedAt) / (endedAt - at),
      covered: lowAt <= endedAt && endedAt <= highAt,
      width: (highAt - lowAt) / (endedAt - at),
    }));
}
