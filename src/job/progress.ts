import type { Decision } from "../deadline/decision.ts";
import type { Effects } from "../effects.ts";
import {
  formatCount,
  formatDuration,
  formatMass,
  formatMoment,
  formatRate,
  formatVerdicts,
  plural,
} from "../format.ts";
import { sum } from "../numbers/sums.ts";
import type { PoolStatus } from "../pool/status.ts";
import { wordsOf } from "../runfolder/describe-failure.ts";
import type { RunState } from "../runfolder/state/run-state.ts";
import type { Seat } from "./escalator.ts";
import type { MassWatch } from "./mass-watch.ts";
import type { Planner } from "./planner.ts";
import type { SessionCounts } from "./recorder.ts";

/** Shows the progress of a run: rows, speed, and the forecast of the end. */
export function showProgress(
  {
    planner,
    state,
    seat,
    counts,
    massWatch,
    poolStatus,
    scoringSince,
    deadlineAt,
  }: {
    readonly planner: Planner;
    readonly state: RunState;
    /** Null in a run with one judge. */
    readonly seat: Seat | null;
    readonly counts: SessionCounts;
    readonly massWatch: Pick<MassWatch, "verdict">;
    readonly poolStatus: PoolStatus;
    /** Start of scoring, monotonic ms. */
    readonly scoringSince: number;
    /** The deadline, ms since 1970; null when there is none. */
    readonly deadlineAt: number | null;
  },
  { clock, progress }: Pick<Effects, "clock" | "progress">,
): void {
  const { scoredPrompts: prompts } = counts;
  const { ab, ba } = state.orders;
  const decision = planner.tick();
  if (seat?.showsProgress() === false) return;
  const done = ab.answered;
  const { total } = planner;
  const ms = clock.monotonic() - scoringSince;
  const verdict = massWatch.verdict();
  const mass = verdict.kind === "too-few" || verdict.kind === "unknown" ? null : verdict;
  const swapped = ba.answered;
  const [text = "", ...shorter] = progressLines({
    done,
    total,
    swapped,
    second: seat === null ? null : { ...seat.second(), isShown: !seat.hasFirstPass },
    prompts,
    ms,
    mass,
    verdicts: ab.verdicts,
    trouble: troubleOf(poolStatus, counts),
    now: clock.now(),
    deadlineAt,
    decision,
  });
  progress({ stage: "score", done, total, text, shorter });
}

/** From so many failed requests in a row on, the line says so instead of a forecast; before the first answer, from the first one on. */
const MANY_FAILURES = 3;

/** Says in plain words why no request is answered now; null while requests are answered. */
export function troubleOf(
  status: PoolStatus,
  { scoredPrompts, failing }: Pick<SessionCounts, "scoredPrompts" | "failing">,
): string | null {
  if (status === "given-up") return "no engine is left";
  if (status === "recovering") return "waiting for the engine to come back";
  if (failing === null || (failing.requests < MANY_FAILURES && scoredPrompts > 0)) return null;
  const { requests, reason } = failing;
  return `${requests === 1 ? "the last request" : `the last ${formatCount(requests)} requests`} failed: ${wordsOf(reason)}`;
}

/** The data of the progress line. */
export interface ScoreProgress {
  /** Number of rows answered in the first order, and number of all rows. Both include earlier sessions. */
  readonly done: number;
  readonly total: number;
  /** Number of rows also answered in the swapped order, including earlier sessions. */
  readonly swapped: number;
  /** The second of two judges; `isShown` when the decision is about its answers. Null in a run with one judge. */
  readonly second: { readonly name: string; readonly answers: number; readonly isShown: boolean } | null;
  /** Number of prompts that this session has scored, and the time since its scoring began, ms. */
  readonly prompts: number;
  readonly ms: number;
  /** The label mass as it was judged last; null while it is unknown or not judged yet. */
  readonly mass: { readonly kind: "high" | "low" | "too-low"; readonly median: number } | null;
  /** Number of rows in which a, b or tie has the highest probability, including earlier sessions. */
  readonly verdicts: readonly number[];
  /** The present moment and the deadline (null without one), ms since 1970. */
  readonly now: number;
  readonly deadlineAt: number | null;
  /** Why no forecast can be made, because no request is answered; null while requests are. */
  readonly trouble: string | null;
  readonly decision: Pick<
    Decision,
    "forecast" | "leftMs" | "swapPass" | "step" | "phase" | "progress" | "priorRows" | "silentMs" | "stop"
  >;
}

/** A part of the progress line. If the line is too long, the parts with the smallest weight are left out first. */
interface Part {
  readonly text: string;
  readonly weight: number;
}

/** The line mentions a time without an answer only if it is at least this long (ms). */
const SILENCE_MS = 60_000;

/**
 * Formats the progress line, then shorter versions of it for narrower terminals. Example of the longest version:
 * 12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare · ends 18:42, deadline 20:00 ·
 * both orders for the undecided 31 % · mass 0.614 · A 35 %, B 34 %, tie 31 %
 */
export function progressLines(options: ScoreProgress): readonly string[] {
  const parts = [
    ...rows(options),
    ...speed(options),
    ...end(options),
    ...plan(options),
    ...mass(options),
    ...verdicts(options),
    ...silence(options),
  ];
  const weights = [...new Set(parts.map(({ weight }) => weight))].sort((one, other) => one - other);
  return weights.map((least) => joined(parts.filter(({ weight }) => weight >= least)));
}

/** Joins parts with dots. A part in brackets follows the part before without a dot. */
function joined(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).reduce((line, text) => `${line}${text.startsWith("(") ? " " : " · "}${text}`);
}

function rows({ second, ...progress }: ScoreProgress): readonly Part[] {
  if (second === null || (second.answers === 0 && !second.isShown)) return rowsOfOne(progress);
  const { answers, isShown } = second;
  const planned = answers + progress.decision.swapPass.allowed;
  const ofSecond = isShown ? `${formatCount(answers)}/${formatCount(planned)}` : formatCount(answers);
  const part = { text: `${second.name} ${ofSecond}`, weight: 9 };
  return isShown ? [part] : [...rowsOfOne(progress), part];
}

function rowsOfOne({ done, total, swapped, decision }: Omit<ScoreProgress, "second">): readonly Part[] {
  const once = { text: `${formatCount(done)}/${plural(total, "row")}`, weight: 9 };
  if (decision.phase !== "swap-pass") return [once];
  const { begun, allowed } = decision.swapPass;
  const before = swapped - decision.progress.swapAnswered;
  // `swapped` is newer than the decision, so the sum may count some rows twice and exceed `total`.
  const planned = Math.min(total, before + begun + allowed);
  if (planned === 0) return [once];
  return [once, { text: `${formatCount(swapped)}/${formatCount(planned)} in both orders`, weight: 8 }];
}

function speed({ prompts, ms, decision: { forecast } }: ScoreProgress): readonly Part[] {
  const perRow = forecast?.msPerRow ?? (prompts > 0 ? ms / prompts : null);
  if (perRow === null || perRow <= 0) return [];
  return [{ text: `${formatRate(1_000 / perRow)} rows/s`, weight: 3 }];
}

function end({
  prompts,
  trouble,
  now,
  deadlineAt,
  decision: { forecast, leftMs, step, stop, priorRows },
}: ScoreProgress): readonly Part[] {
  if (stop?.kind === "time-up") return [{ text: "time is up", weight: 7 }];
  if (stop !== null || forecast?.rows === 0) return [];
  if (trouble !== null) return [{ text: trouble, weight: 8 }];
  if (forecast === null || prompts === 0) return [{ text: "measuring the speed", weight: 7 }];
  if (step.kind === "prior" && leftMs !== null && leftMs < forecast.remainingMs) {
    const without =
      priorRows === null || priorRows === 0
        ? []
        : [{ text: `no time for about ${plural(priorRows, "row")}`, weight: 6 }];
    return [{ text: `time is up in ${formatDuration(leftMs)}`, weight: 7 }, ...without];
  }
  const { remainingMs, lowMs, highMs } = forecast;
  const spareMs = leftMs === null ? null : leftMs - remainingMs;
  return [
    { text: `done in ${formatDuration(remainingMs)}`, weight: 7 },
    { text: `(90 %: ${formatDuration(Math.max(0, lowMs))} to ${formatDuration(highMs)})`, weight: 5 },
    ...(spareMs === null ? [] : [{ text: spare(spareMs), weight: 6 }]),
    { text: moments(now + remainingMs, deadlineAt, now), weight: 4.5 },
  ];
}

function moments(endAt: number, deadlineAt: number | null, now: number): string {
  const ends = `ends ${formatMoment(endAt, now)}`;
  return deadlineAt === null ? ends : `${ends}, deadline ${formatMoment(deadlineAt, now)}`;
}

function spare(ms: number): string {
  return ms >= 0 ? `${formatDuration(ms)} to spare` : `${formatDuration(-ms)} too late`;
}

/** Describes the plan for the rows that are left. Nothing is shown when each row gets one answer. */
function plan({ decision: { step, phase, swapPass, leftMs, stop } }: ScoreProgress): readonly Part[] {
  if (stop !== null || leftMs === null || phase === "swap-pass" || phase === "starting") return [];
  if (step.kind === "one-order-short") return [{ text: `shorter context: ${step.name}`, weight: 4 }];
  const { share } = swapPass;
  if (step.kind !== "both-orders" || share === null || share === 0) return [];
  const whose = share >= 1 ? "every row" : `the undecided ${Math.max(1, Math.round(100 * share))} %`;
  return [{ text: `both orders for ${whose}`, weight: 4 }];
}

function mass({ mass: judged }: ScoreProgress): readonly Part[] {
  if (judged === null) return [];
  const text = formatMass(judged.median);
  return judged.kind === "high"
    ? [{ text: `mass ${text}`, weight: 2 }]
    : [{ text: `low label mass: ${text}`, weight: 7 }];
}

/** From so many answers on, the shares of the verdicts say something. */
const FEWEST_VERDICTS = 20;

function verdicts({ verdicts: counts }: ScoreProgress): readonly Part[] {
  const total = sum(counts);
  if (total < FEWEST_VERDICTS) return [];
  return [{ text: formatVerdicts(counts), weight: 1 }];
}

function silence({ decision: { silentMs, stop } }: ScoreProgress): readonly Part[] {
  return stop !== null || silentMs < SILENCE_MS
    ? []
    : [{ text: `no answer for ${formatDuration(silentMs)}`, weight: 8 }];
}
