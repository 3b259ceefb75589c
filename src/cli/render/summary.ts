import type { RunSummary } from "../../job/summary.ts";
import { kindOf } from "../../judge/mass-gate.ts";
import { leftOutTies } from "../../metrics/labels-for.ts";
import { loss, rate } from "../../report/tables/table.ts";
import { count, counted, duration, fixed, massText, signed } from "../../report/text/number.ts";
import { terminalText } from "./table.ts";

const ENDS: Readonly<Record<RunSummary["end"], string>> = {
  done: "done",
  deadline: "ended at the deadline",
  overrun: "stopped: the job would not have ended in time (time.on_overrun: stop)",
  interrupted: "interrupted",
  "low-mass": "stopped: the labels get almost no probability",
  "engine-lost": "ended early: the engine was lost and did not come back",
};

/** The ends after which the same command scores the other rows. */
const CONTINUED: ReadonlySet<RunSummary["end"]> = new Set(["interrupted", "engine-lost"]);

/** Renders the summary of a run for a person. `command` continues the run. */
export function renderSummary(summary: RunSummary, command: string): string {
  const { rows, session, marks, files, calibration, truth, forecasts, seconds } = summary;
  const lines: readonly (string | null)[] = [
    "",
    `${ENDS[summary.end]}: ${count(rows.total - rows.prior)} of ${counted(rows.total, "row")} scored${sources(summary)}`,
    ...Object.entries(summary.reasons).map(([reason, n]) => `  fallback for ${counted(n, "row")}: ${reason}`),
    session.resumedRows > 0 ? `  ${counted(session.resumedRows, "row")} came from an earlier session` : null,
    marks.shortened > 0 ? `  ${counted(marks.shortened, "row")} shortened to fit the context` : null,
    marks.neutralised > 0 ? `  ${counted(marks.neutralised, "row")} held control tokens, which were defused` : null,
    marks.lowMass > 0 ? `  ${counted(marks.lowMass, "row")} with low label mass` : null,
    marks.bounded > 0
      ? `  ${counted(marks.bounded, "row")} with a label outside the server's top tokens (upper bound used)`
      : null,
    ...judgesLines(summary),
    calibration === null ? null : `calibration  ${calibration.kind} from ${calibration.file}`,
    massLine(summary),
    bothOrders(summary),
    truth === null
      ? null
      : `truth        log loss ${loss(truth.logLoss)} (class prior ${loss(truth.priorLogLoss)}), ` +
        `accuracy ${rate(truth.accuracy)}, ${counted(truth.rows, "row")}${leftOut(truth)}`,
    timeLine(summary),
    ...speedLines(summary),
    forecasts.length === 0 || seconds.scoring < LEAST_FORECAST_SECONDS
      ? null
      : `forecast     ${forecasts.map(forecastError).join(", ")}`,
    `submission   ${files.submission}`,
    `rows         ${files.rows}`,
    `run folder   ${files.runFolder}`,
    session.requests > 0 && files.clock !== null ? `clock        ${files.clock}` : null,
    CONTINUED.has(summary.end) ? `to continue  ${command}` : null,
  ];
  return terminalText(lines.filter((line) => line !== null).join("\n"));
}

/** Renders the failure of a run as errors are rendered: one sentence, then the lines with cause and remedy. */
export function renderFailure({ message, details }: NonNullable<RunSummary["failure"]>): string {
  return terminalText([`abtie: ${message}`, ...details.map((line) => `  ${line}`)].join("\n"));
}

/** Says which labelled rows the scores leave out, and why. */
function leftOut({ ties, fallbacks }: NonNullable<RunSummary["truth"]>): string {
  const parts = [
    fallbacks === 0 ? null : `${counted(fallbacks, "row")} without an answer left out`,
    leftOutTies({ ties }),
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function sources({ rows }: RunSummary): string {
  const secondRows = rows["second-judge-both-orders"] + rows["second-judge-one-order"];
  const parts = [
    secondRows > 0 ? `${count(secondRows)} by the second judge too` : null,
    rows["both-orders"] > 0 ? `${count(rows["both-orders"])} in both orders` : null,
    rows["one-order-short"] > 0 ? `${count(rows["one-order-short"])} with shorter context` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Says what the second of two judges did. */
function judgesLines({ second }: RunSummary): readonly string[] {
  if (second === null) return [];
  const { judges, answers, combination } = second;
  const [first, other] = judges;
  const how = combination === null ? `its answer replaces that of ${first}` : `combined as ${combination} says`;
  const swapped = answers.swapped > 0 ? ` as given and ${count(answers.swapped)} in the swapped order` : "";
  const rows = counted(answers.asGiven, "row");
  return [
    answers.asGiven + answers.swapped === 0
      ? `judges       ${first} alone; ${other} was not asked`
      : `judges       ${first} for every row, ${other} for ${rows}${swapped}; ${how}`,
  ];
}

/** The server may give no label mass. Then its line is left out, because the run has said so. */
function massLine({ labelMass }: RunSummary): string | null {
  if (labelMass === null) return null;
  const { median, p5 } = labelMass;
  const low = kindOf(median) === "high" ? "" : `: low, the model would rather write something else than a label`;
  return `label mass   median ${massText(median)}, 5th percentile ${massText(p5)}${low}`;
}

function bothOrders({ bothOrders: swap }: RunSummary): string | null {
  if (swap === null) return null;
  return (
    `both orders  ${counted(swap.pairs, "row")}: the verdict flips in ${rate(swap.flipRate)}, position bias ${signed(swap.positionBias, 3)}; ` +
    `averaging moves the probabilities by ${fixed(swap.meanChange, 3)}`
  );
}

/** A session that has no row left to score, or whose engine never becomes ready, has no time until it was ready. */
function timeLine({ seconds }: RunSummary): string {
  const total = `time         ${duration(1_000 * seconds.total)}`;
  if (seconds.startUp === null) return total;
  return `${total}: ${duration(1_000 * seconds.startUp)} until the engine was ready, ${duration(1_000 * seconds.scoring)} scoring`;
}

function speedLines({ seconds, session, usage }: RunSummary): readonly string[] {
  const perSecond = (amount: number): number => (seconds.scoring > 0 ? amount / seconds.scoring : 0);
  const failed = session.failedRequests > 0 ? `, ${count(session.failedRequests)} failed` : "";
  const speed =
    `speed        ${fixed(perSecond(session.scoredPrompts), 1)} rows/s, ${count(perSecond(session.promptTokens))} tokens/s, ` +
    `${counted(session.requests, "request")}${failed}`;
  return [...(session.scoredPrompts > 0 ? [speed] : []), ...(usage === null ? [] : usageLines(usage))];
}

function usageLines({
  seconds,
  saturatedSeconds,
  ratio,
  best,
  engines,
}: NonNullable<RunSummary["usage"]>): readonly string[] {
  const settings = engines.map(
    ({ concurrency, promptsPerRequest, by, mostPrompts }) =>
      `${counted(concurrency, "request")} of ${counted(promptsPerRequest, "prompt")} ` +
      (mostPrompts === null ? `(${by})` : `(${by}; larger requests were refused)`),
  );
  const against =
    ratio === null || best === null
      ? ""
      : `; ${rate(ratio)} of its best ${duration(1_000 * best.seconds)} (${count(best.tokensPerSecond)} tokens/s)`;
  return [
    `engine       full for ${rate(saturatedSeconds / seconds)} of the scoring time${against}`,
    `in flight    ${[...new Set(settings)].join(", ")}`,
  ];
}

/** The forecasts of a shorter scoring were made of a moment, and their errors say nothing. */
const LEAST_FORECAST_SECONDS = 60;

function forecastError({ share, error, covered }: RunSummary["forecasts"][number]): string {
  const direction = error >= 0 ? "too long" : "too short";
  const interval = covered ? "" : ", outside its interval";
  return `${rate(Math.abs(error))} ${direction} at ${count(100 * share)} % of the rows${interval}`;
}
