import type { RunStatus } from "../../commands/status.ts";
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
import { terminalText } from "./table.ts";

const STATES: Readonly<Record<RunStatus["state"], string>> = {
  new: "not started: no session has begun",
  starting: "starting: no row is answered in this session yet",
  running: "running",
  killed: "stopped without an orderly end (killed, or the machine went down); the same command continues it",
  joined: "joined from the rows of shards",
  done: "done",
  deadline: "ended at the deadline",
  overrun: "stopped: the job would not have ended in time (time.on_overrun: stop)",
  interrupted: "interrupted; the same command continues it",
  "engine-lost": "ended early: the engine was lost and did not come back; the same command continues it",
  "low-mass": "stopped: the labels get almost no probability",
  failed: "failed before or while rows were scored; the same command continues it",
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
    `submission   ${status.submission}`,
  ];
  return terminalText(lines.filter((line) => line !== null).join("\n"));
}

/** One line about a run that goes on, and a shorter one for a narrow terminal. */
export function statusLines(status: RunStatus, now: number): readonly [string, string] {
  const { rows, rowsPerSecond } = status;
  const short = `${formatCount(rows.scored)}/${plural(rows.total, "row")}`;
  const parts = [
    short,
    rowsPerSecond === null ? null : `${formatRate(rowsPerSecond)} rows/s`,
    forecastLine(status, now)?.replace(/^forecast +/, ""),
    verdictLine(status)?.replace(/^verdicts +/, ""),
  ];
  return [parts.filter((part) => typeof part === "string").join(" · "), short];
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
