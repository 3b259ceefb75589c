import { AbtieError } from "../../../src/errors.ts";
import type { RunSummary } from "../../../src/job/summary.ts";
import type { JobScenario } from "./scenario.ts";
import type { ServerRecord } from "./server-record.ts";
import type { Process } from "./world.ts";

/** A process that runs the job. */
export interface Start extends Process {
  readonly host: string;
  readonly pid: number;
  /** Number of power cuts before its start. */
  readonly boot: number;
  readonly startedAt: number;
  readonly controller: AbortController;
  readonly isLast: boolean;
  /** Deadline, ms since 1970; null for none. */
  readonly deadlineAt: number | null;
  /** Something that no program can make up for happened: it was stopped, the clock was set, the disk was slow or stuck. */
  isDisturbed: boolean;
  /** The last time at which it was stopped or the clock was set. */
  disturbedUntil: number;
  settled: { readonly summary: RunSummary } | { readonly error: unknown } | null;
  cancelWatchdog: () => void;
}

interface Facts {
  readonly scenario: JobScenario;
  readonly record: ServerRecord;
  /** No other process was started before. */
  readonly wasAlone: boolean;
}

/** Lists what is wrong with the end of a process: an error without its cause, a wrong count, a last start that was not done. */
export function faultsOfEnd(start: Start, settled: NonNullable<Start["settled"]>, facts: Facts): readonly string[] {
  if ("error" in settled) return faultsOfError(start, settled.error, facts);
  const { end, rows, session } = settled.summary;
  const { scenario, record } = facts;
  const asked = record.requests.get(start) ?? 0;
  // Requests that wait for one list are counted, though they are not sent when it fails or names another model.
  const isMiscounted = session.requests < asked || (session.requests > asked && !record.lists.has(start));
  const refused = scenario.poison.size;
  return [
    end === "interrupted" && !start.controller.signal.aborted && "was not interrupted",
    end === "deadline" && start.deadlineAt === null && "has no deadline",
    isMiscounted && `counts ${session.requests} requests and sent ${asked}`,
    start.isLast && end !== "done" && `is the last start and ended as ${end}`,
    start.isLast && rows.prior !== refused && `left ${rows.prior} rows without an answer, ${refused} are refused`,
  ].filter((fault) => fault !== false);
}

function faultsOfError(
  { isLast, controller }: Start,
  error: unknown,
  { scenario, wasAlone }: Facts,
): readonly string[] {
  if (!(error instanceof AbtieError)) return [`ended by a bug: ${textOf(error)}`];
  if (isLast) return [`is the last start and failed: ${textOf(error)}`];
  const { disk } = scenario;
  const servers = [...scenario.servers, ...(scenario.second ?? [])];
  const hasCause = {
    // A config is refused after the deadline, and when a server has another model.
    config: /no time to work/.test(error.message) || (hasOtherModel(scenario) && /model/.test(error.message)),
    data: disk.faults.length > 0 || !wasAlone,
    engine: servers.some(({ faults, errors }) => faults.length > 0 || errors > 0),
    interrupted: controller.signal.aborted,
  } satisfies Record<AbtieError["code"], boolean>;
  return hasCause[error.code] ? [] : [`failed without a cause: ${textOf(error)}`];
}

function hasOtherModel({ servers, second }: JobScenario): boolean {
  return [...servers, ...(second ?? [])].some(({ faults }) =>
    faults.some((fault) => fault.kind === "death" && fault.otherModel !== null),
  );
}

export function textOf(thrown: unknown): string {
  if (thrown instanceof AbtieError) return `${thrown.code}: ${thrown.message}`;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message).split("\n").slice(0, 4).join(" ") : String(thrown);
}
