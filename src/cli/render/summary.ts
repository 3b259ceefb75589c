import type { RunSummary } from "../../job/summary.ts";
import { count } from "./estimates.ts";

const ENDS: Readonly<Record<RunSummary["end"], string>> = {
  done: "done",
  deadline: "ended at the deadline",
  overrun: "stopped: the time would not suffice (time.on_overrun: stop)",
  interrupted: "interrupted; run it again to continue",
  "engine-lost": "ended early: the engine was lost and did not come back",
};

/** Renders the end of a run for a person. */
export function renderSummary(summary: RunSummary): string {
  const { rows, seconds, session, marks, files } = summary;
  const scored = rows.total - rows.prior;
  const perSecond = seconds.scoring > 0 ? session.scoredPrompts / seconds.scoring : 0;
  const tokensPerSecond = seconds.scoring > 0 ? session.promptTokens / seconds.scoring : 0;
  const lines: readonly (string | null)[] = [
    "",
    `${ENDS[summary.end]}: ${count(scored)} of ${count(rows.total)} rows scored${obtained(summary)}`,
    ...Object.entries(summary.reasons).map(([reason, n]) => `  prior for ${count(n)}: ${reason}`),
    session.resumedRows > 0 ? `  ${count(session.resumedRows)} rows came from an earlier session` : null,
    marks.shortened > 0 ? `  ${count(marks.shortened)} rows shortened to fit the context` : null,
    marks.neutralised > 0 ? `  ${count(marks.neutralised)} rows held control tokens, which were defused` : null,
    marks.lowMass > 0 ? `  ${count(marks.lowMass)} rows with low label mass` : null,
    marks.bounded > 0
      ? `  ${count(marks.bounded)} rows with a label outside the server's top tokens (upper bound used)`
      : null,
    summary.calibration === null ? null : `calibration  ${summary.calibration.kind} from ${summary.calibration.file}`,
    summary.labelMass === null
      ? null
      : `label mass   median ${summary.labelMass.median.toFixed(3)}, 5th percentile ${summary.labelMass.p5.toFixed(3)}`,
    ...bothOrders(summary),
    summary.truth === null
      ? null
      : `against truth  log loss ${summary.truth.logLoss.toFixed(4)} (prior ${summary.truth.priorLogLoss.toFixed(4)}), ` +
        `accuracy ${(100 * summary.truth.accuracy).toFixed(1)} %, ${count(summary.truth.rows)} rows`,
    `time         ${duration(seconds.total)}: ${duration(seconds.startUp)} until the engine was ready, ${duration(seconds.scoring)} scoring`,
    session.scoredPrompts === 0
      ? null
      : `speed        ${perSecond.toFixed(1)} rows/s, ${count(Math.round(tokensPerSecond))} tokens/s, ` +
        `${count(session.requests)} requests${session.failedRequests > 0 ? `, ${count(session.failedRequests)} failed` : ""}`,
    ...usage(summary),
    summary.forecasts.length === 0 ? null : `forecast     ${summary.forecasts.map(renderError).join(", ")}`,
    `submission   ${files.submission}`,
    `rows         ${files.rows}`,
    `run folder   ${files.runFolder}`,
    summary.session.requests > 0 && files.clock !== null ? `clock        ${files.clock}` : null,
  ];
  return lines.filter((line) => line !== null).join("\n");
}

function bothOrders({ bothOrders: swap }: RunSummary): readonly string[] {
  if (swap === null || swap.flipRate === null || swap.meanChange === null || swap.firstShownBonus === null) return [];
  const bias = swap.firstShownBonus;
  return [
    `both orders  ${count(swap.pairs)} rows: the verdict flips in ${(100 * swap.flipRate).toFixed(1)} %, averaging moves the probabilities by ` +
      `${swap.meanChange.toFixed(3)}; the answer shown ${bias >= 0 ? "first" : "second"} is favoured by ${Math.abs(bias).toFixed(3)}`,
  ];
}

function usage({ usage }: RunSummary): readonly string[] {
  if (usage === null) return [];
  const { seconds, saturatedSeconds, ratio, best, engines } = usage;
  const asked = engines.map(
    ({ concurrency, promptsPerRequest, by }) => `${concurrency} requests of ${promptsPerRequest} prompts (${by})`,
  );
  const against =
    ratio === null || best === null
      ? ""
      : `; ${(100 * ratio).toFixed(1)} % of its best ${duration(best.seconds)} (${count(Math.round(best.tokensPerSecond))} tokens/s)`;
  return [
    `engine       full for ${((100 * saturatedSeconds) / seconds).toFixed(1)} % of the scoring time${against}`,
    `in flight    ${[...new Set(asked)].join(", ")}`,
  ];
}

function obtained({ rows }: RunSummary): string {
  const parts = [
    rows["both-orders"] > 0 ? `${count(rows["both-orders"])} in both orders` : null,
    rows["one-order-short"] > 0 ? `${count(rows["one-order-short"])} with shorter context` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

function renderError({ share, error, covered }: RunSummary["forecasts"][number]): string {
  const direction = error >= 0 ? "too long" : "too short";
  const interval = covered ? "" : ", outside its interval";
  return `${(100 * Math.abs(error)).toFixed(1)} % ${direction} at ${100 * share} % of the rows${interval}`;
}
