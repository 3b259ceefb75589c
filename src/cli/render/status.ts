import type { RunStatus, RunsStatus } from "../../commands/status.ts";
import {
  formatCount,
  formatDuration,
  formatMass,
  formatMoment,
  formatRate,
  formatVerdicts,
  plural,
} from "../../format.ts";
import { sum } from "../../numbers/sums.ts";
import { columnLines, terminalText } from "./table.ts";

/** How the text of a state ends after which the run can go on. */
const CONTINUES = "; the same command continues it";

const STATES: Readonly<Record<RunStatus["state"], string>> = {
  new: "not started: no session has begun",
  starting: "starting: no row is answered in this session yet",
  running: "running",
  killed: `stopped without an orderly end (killed, or the machine went down)${CONTINUES}`,
  joined: "joined from the rows of shards",
  done: "done",
  deadline: "ended at the deadline",
  overrun: "stopped: the job would not have ended in time (time.on_overrun: stop)",
  interrupted: `interrupted${CONTINUES}`,
  "engine-lost": `ended early: the engine was lost and did not come back${CONTINUES}`,
  "low-mass": "stopped: the labels get almost no probability",
  failed: `failed before or while rows were scored${CONTINUES}`,
};

/** Renders the status of a run for a person. `now` is ms since 1970. */
export function renderStatus(status: RunStatus, now: number): string {
  const { rows, process, startedAt, lastAt, labelMass, model, failing } = status;
  const lines: readonly (string | null)[] = [
    `state        ${STATES[status.state]}${process === null ? "" : ` (process ${process.pid} on ${process.host})`}`,
    startedAt === null ? null : `session      ${times(status, startedAt, lastAt ?? startedAt, now)}`,
    `rows         ${formatCount(rows.scored)} of ${plural(rows.total, "row")} scored${rows.bothOrders === 0 ? "" : `, ${formatCount(rows.bothOrders)} also in the swapped order`}`,
    status.rowsPerSecond === null
      ? null
      : `speed        ${formatRate(status.rowsPerSecond)} rows/s in the last five minutes of scoring`,
    forecastLine(status, now),
    labelMass === null ? null : `label mass   median ${formatMass(labelMass)}`,
    verdictLine(status),
    failing === null
      ? null
      : `failing      the last ${plural(failing.requests, "request")}: ${failing.reason} (${failing.message})`,
    model === null ? null : `model        ${model}`,
    secondLine(status),
    `submission   ${status.submission}`,
  ];
  return terminalText(lines.filter((line) => line !== null).join("\n"));
}

/** Renders the status of several runs as a table, with one line for each. `columns` is the width of the terminal; null without one. */
export function renderRunsStatus({ folder, runs, report }: RunsStatus, columns: number | null): string {
  const swapped = runs.some(({ rows }) => rows.bothOrders > 0);
  const twoJudges = runs.some(({ second }) => second !== null);
  // A classifier knows its classes alone.
  const hasMass = runs.some(({ labelMass }) => labelMass !== null);
  const lines = runs.map(({ name, state, rows, rowsPerSecond, labelMass, verdicts, second }) => [
    name,
    state,
    `${formatCount(rows.scored)} of ${formatCount(rows.total)}`,
    ...(swapped ? [formatCount(rows.bothOrders)] : []),
    ...(twoJudges ? [countsOfSeconds([second]).join("")] : []),
    rowsPerSecond === null ? "" : formatRate(rowsPerSecond),
    ...(hasMass ? [labelMass === null ? "" : formatMass(labelMass)] : []),
    sum(verdicts) === 0 ? "" : formatVerdicts(verdicts),
  ]);
  const orders = swapped ? ["both orders"] : [];
  const judges = twoJudges ? ["second judge"] : [];
  const headings = [
    "run",
    "state",
    "rows scored",
    ...orders,
    ...judges,
    "rows/s",
    ...(hasMass ? ["label mass"] : []),
    "verdicts",
  ];
  const failing = runs.flatMap(({ name, failing: last }) =>
    last === null
      ? []
      : [`failing ${name}: the last ${plural(last.requests, "request")}: ${last.reason} (${last.message})`],
  );
  const text = [
    `${plural(runs.length, "run")} in ${folder}`,
    "",
    columnLines([headings, ...lines], columns),
    ...(failing.length === 0 ? [] : ["", ...failing]),
    "",
    ...(runs.some(({ state }) => STATES[state].endsWith(CONTINUES)) ? ["The same command continues them."] : []),
    ...(report === null ? [] : [`report: ${report}`]),
  ];
  return terminalText(text.join("\n").trimEnd());
}

/**
 * One line about runs that go on, and a shorter one for a narrow terminal, with the rows that are done, of all. The second of two judges
 * goes on when all are done: both lines name it with its answers, of several runs their sum.
 */
export function statusLines(
  runs: readonly RunStatus[],
  now: number,
): { readonly done: number; readonly total: number; readonly text: string; readonly shorter: string } {
  const done = sum(runs.map(({ rows }) => rows.scored));
  const total = sum(runs.map(({ rows }) => rows.total));
  const speeds = runs.flatMap(({ rowsPerSecond }) => (rowsPerSecond === null ? [] : [rowsPerSecond]));
  const seconds = countsOfSeconds(runs.map(({ second }) => second));
  const shorter = [`${formatCount(done)}/${plural(total, "row")}`, ...seconds].join(", ");
  const [only, ...others] = runs;
  const ofOne = only === undefined || others.length > 0 ? null : only;
  const parts = [
    shorter,
    speeds.length === 0 ? null : `${formatRate(sum(speeds))} rows/s`,
    ofOne === null ? `${plural(runs.length, "run")}` : forecastLine(ofOne, now)?.replace(/^forecast +/, ""),
    ofOne === null ? null : verdictLine(ofOne)?.replace(/^verdicts +/, ""),
  ];
  return { done, total, text: parts.filter((part) => typeof part === "string").join(" · "), shorter };
}

/** Lists the names of the second judges, each with its answers in both orders in all of these runs. */
function countsOfSeconds(seconds: readonly RunStatus["second"][]): readonly string[] {
  const answers = new Map<string, number>();
  for (const { name, asGiven, swapped } of seconds.filter((second) => second !== null)) {
    answers.set(name, (answers.get(name) ?? 0) + asGiven + swapped);
  }
  return [...answers].map(([name, count]) => `${name}: ${formatCount(count)}`);
}

function secondLine({ second }: RunStatus): string | null {
  if (second === null) return null;
  const { name, asGiven, swapped, model } = second;
  const also = swapped === 0 ? "" : `, ${plural(swapped, "row")} in the swapped order`;
  return `second judge ${name}: ${plural(asGiven, "row")} as given${also}${model === null ? "" : ` (model ${model})`}`;
}

function times({ state }: RunStatus, startedAt: number, lastAt: number, now: number): string {
  const began = `began ${formatMoment(startedAt, now)}`;
  if (state === "running" || state === "starting") {
    return `${began}, ${formatDuration(now - startedAt)} ago; last entry ${formatDuration(now - lastAt)} ago`;
  }
  return `${began}, ended ${formatMoment(lastAt, now)} after ${formatDuration(lastAt - startedAt)}`;
}

function forecastLine({ state, forecast, deadlineAt }: RunStatus, now: number): string | null {
  const deadline = deadlineAt === null ? null : `deadline ${formatMoment(deadlineAt, now)}`;
  if (forecast === null) return deadline === null || state !== "running" ? null : `forecast     none yet, ${deadline}`;
  const { endAt, lowAt, highAt } = forecast;
  const left = formatDuration(Math.max(0, endAt - now));
  const interval = `90 %: ${formatMoment(lowAt, now)} to ${formatMoment(highAt, now)}`;
  return [`forecast     done in ${left}, ends ${formatMoment(endAt, now)} (${interval})`, deadline]
    .filter((part) => part !== null)
    .join(", ");
}

function verdictLine({ verdicts }: RunStatus): string | null {
  const total = sum(verdicts);
  if (total === 0) return null;
  return `verdicts     ${formatVerdicts(verdicts)}`;
}
