import { formatCount, formatDuration, formatMass, formatPercent, plural } from "../../format.ts";
import type { RunSummary } from "../../job/summary.ts";

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
    `${ENDS[summary.end]}: ${formatCount(scored)} of ${plural(rows.total, "row")} scored${obtained(summary)}`,
    ...Object.entries(summary.reasons).map(([reason, n]) => `  prior for ${formatCount(n)}: ${reason}`),
    session.resumedRows > 0 ? `  ${plural(session.resumedRows, "row")} came from an earlier session` : null,
    marks.shortened > 0 ? `  ${plural(marks.shortened, "row")} shortened to fit the context` : null,
    marks.neutralised > 0 ? `  ${plural(marks.neutralised, "row")} held control tokens, which were defused` : null,
    marks.lowMass > 0 ? `  ${plural(marks.lowMass, "row")} with low label mass` : null,
    marks.bounded > 0
      ? `  ${plural(marks.bounded, "row")} with a label outside the server's top tokens (upper bound used)`
      : null,
    summary.calibration === null ? null : `calibration  ${summary.calibration.kind} from ${summary.calibration.file}`,
    summary.labelMass === null
      ? null
      : `label mass   median ${formatMass(summary.labelMass.median)}, 5th percentile ${formatMass(summary.labelMass.p5)}`,
    ...bothOrders(summary),
    summary.truth === null
      ? null
      : `against truth  log loss ${summary.truth.logLoss.toFixed(4)} (prior ${summary.truth.priorLogLoss.toFixed(4)}), ` +
        `accuracy ${formatPercent(summary.truth.accuracy, 1)}, ${plural(summary.truth.rows, "row")}`,
    `time         ${duration(seconds.total)}: ${duration(seconds.startUp)} until the engine was ready, ${duration(seconds.scoring)} scoring`,
    session.scoredPrompts === 0
      ? null
      : `speed        ${perSecond.toFixed(1)} rows/s, ${formatCount(tokensPerSecond)} tokens/s, ` +
        `${plural(session.requests, "request")}${session.failedRequests > 0 ? `, ${formatCount(session.failedRequests)} failed` : ""}`,
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
    `both orders  ${plural(swap.pairs, "row")}: the verdict flips in ${formatPercent(swap.flipRate, 1)}, averaging moves the probabilities by ` +
      `${swap.meanChange.toFixed(3)}; the answer shown ${bias >= 0 ? "first" : "second"} is favoured by ${Math.abs(bias).toFixed(3)}`,
  ];
}

function usage({ usage }: RunSummary): readonly string[] {
  if (usage === null) return [];
  const { seconds, saturatedSeconds, ratio, best, engines } = usage;
  const asked = engines.map(
    ({ concurrency, promptsPerRequest, by }) =>
      `${plural(concurrency, "request")} of ${plural(promptsPerRequest, "prompt")} (${by})`,
  );
  const against =
    ratio === null || best === null
      ? ""
      : `; ${formatPercent(ratio, 1)} of its best ${duration(best.seconds)} (${formatCount(best.tokensPerSecond)} tokens/s)`;
  return [
    `engine       full for ${formatPercent(saturatedSeconds / seconds, 1)} of the scoring time${against}`,
    `in flight    ${[...new Set(asked)].join(", ")}`,
  ];
}

function obtained({ rows }: RunSummary): string {
  const parts = [
    rows["both-orders"] > 0 ? `${formatCount(rows["both-orders"])} in both orders` : null,
    rows["one-order-short"] > 0 ? `${formatCount(rows["one-order-short"])} with shorter context` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function duration(seconds: number): string {
  return formatDuration(1_000 * seconds, { precise: true });
}

function renderError({ share, error, covered }: RunSummary["forecasts"][number]): string {
  const direction = error >= 0 ? "too long" : "too short";
  const interval = covered ? "" : ", outside its interval";
  return `${formatPercent(Math.abs(error), 1)} ${direction} at ${formatPercent(share)} of the rows${interval}`;
}
