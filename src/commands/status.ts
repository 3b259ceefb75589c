import { join, resolve } from "node:path";
import { allEnded } from "../all-ended.ts";
import { rowAt } from "../class-matrix.ts";
import { argmax } from "../classes.ts";
import { judgeFolder } from "../config/judges.ts";
import type { Effects } from "../effects.ts";
import { exists } from "../files/exists.ts";
import { holderState } from "../files/holder.ts";
import { readLock, STALE_MS } from "../files/lock-folder.ts";
import { median } from "../numbers/quantile.ts";
import { wordsOf } from "../runfolder/describe-failure.ts";
import type { SessionEnd } from "../runfolder/journal/events.ts";
import { followJournal, type LastSession } from "../runfolder/last-session.ts";
import {
  type LoadedRun,
  loadRunConfig,
  loadRunFolder,
  type RunConfig,
  readEnding,
  runsIn,
} from "../runfolder/load-run-folder.ts";
import { allReadings } from "../runfolder/state/run-state.ts";

/** How far a run is, as its folder shows it. Times are ms since 1970. */
export interface RunStatus {
  readonly folder: string;
  /**
   * "running": a process works on it; "starting": that process has sent no row yet; "killed": no process works on it, and the
   * last session did not end in order; "new": no session began; "joined": the rows were joined from those of shards. Else the way in
   * which the last session ended.
   */
  readonly state: "new" | "starting" | "running" | "killed" | "joined" | SessionEnd["status"];
  /** The process that works on the run; null when none does. */
  readonly process: { readonly pid: number; readonly host: string } | null;
  /** Start of the last session, and its end or its last event; null before the first session. */
  readonly startedAt: number | null;
  readonly lastAt: number | null;
  /** All rows, rows with an answer, and rows that also have an answer in the swapped order. */
  readonly rows: { readonly total: number; readonly scored: number; readonly bothOrders: number };
  /** Answers in a second, over the last five minutes of the session; null before the second answer. */
  readonly rowsPerSecond: number | null;
  /** The planner's last forecast of the end with its 90 % interval; null when there is none, or nothing runs. */
  readonly forecast: { readonly endAt: number; readonly lowAt: number; readonly highAt: number } | null;
  readonly deadlineAt: number | null;
  /** Median label mass; null when it is unknown. */
  readonly labelMass: number | null;
  /** Number of rows in which a, b or tie has the highest probability in the first order. */
  readonly verdicts: readonly number[];
  /** Requests that failed since the last answer, and why the last one did; null when none did. */
  readonly failing: { readonly requests: number; readonly reason: string; readonly message: string } | null;
  /** The model that answers, by the name that its server reports. */
  readonly model: string | null;
  /** The second of two judges: rows that it answered as given and in the swapped order; null in a run with one judge. */
  readonly second: {
    readonly name: string;
    readonly asGiven: number;
    readonly swapped: number;
    readonly model: string | null;
  } | null;
  readonly submission: string;
}

/** How far the runs in a folder are: those of the variants of a comparison, or of shards. */
export interface RunsStatus {
  readonly folder: string;
  readonly runs: readonly (RunStatus & { readonly name: string })[];
  /** The page of a comparison; null before it is written, and where the folder holds shards. */
  readonly report: string | null;
}

/**
 * Reads how far the run in a folder is, or how far those of its variants or shards are. Throws like readStatus, also when the folder
 * holds no run.
 */
export async function readFolderStatus(
  given: string,
  effects: Pick<Effects, "cwd" | "clock" | "disk" | "machine">,
): Promise<RunStatus | RunsStatus> {
  const folder = resolve(effects.cwd, given);
  const names = (await exists(join(folder, "manifest.json"))) ? [] : await runsIn(folder);
  if (names.length === 0) return readStatus(folder, effects);
  const runs = await allEnded(
    names.map(async (name) => ({ name, ...(await readStatus(join(folder, name), effects)) })),
  );
  const report = join(folder, "comparison.html");
  return { folder, runs, report: (await exists(report)) ? report : null };
}

/**
 * Reads how far a run is. It only reads the folder and takes no lock, so that it never disturbs a process that works on the
 * run. Throws AbtieError("data") when the folder holds no run, or a damaged one.
 */
export async function readStatus(
  given: string,
  { cwd, clock, disk, machine }: Pick<Effects, "cwd" | "clock" | "disk" | "machine">,
): Promise<RunStatus> {
  const folder = resolve(cwd, given);
  const { manifest, config } = await loadRunConfig(folder);
  if ((await readEnding(folder))?.end === "joined") return statusOfJoined(await loadRunFolder(folder));
  const follow = (path: string): ReturnType<typeof followJournal> =>
    followJournal(join(path, "journal.jsonl"), manifest.rows, config.classes, disk);
  const { state, session: own } = await follow(folder);
  const second =
    config.escalation === null ? null : await follow(join(folder, judgeFolder(config.escalation.names[1])));
  const session = second === null ? own : joinSessions(own, second.session);
  const lock = await readLock(join(folder, "lock"), disk);
  const now = clock.now();
  const ownership = lock === null ? "ended" : holderState(lock.holder, machine);
  const isHeld = ownership === "runs" || (ownership === "unknown" && now - (lock?.renewedAt ?? 0) < STALE_MS);
  const stateName = stateOf(session, isHeld);
  const masses = allReadings(state, "ab").flatMap(({ mass }) => mass ?? []);
  const { failing } = session;
  return {
    folder,
    state: stateName,
    process: isHeld && lock?.holder ? { pid: lock.holder.pid, host: lock.holder.host } : null,
    startedAt: session.startedAt,
    lastAt: session.lastAt,
    rows: { total: state.rows, scored: state.orders.ab.answered, bothOrders: state.orders.ba.answered },
    rowsPerSecond: rateOf(session.answeredAt, stateName === "running" ? now : null),
    forecast: stateName === "running" ? session.forecast : null,
    deadlineAt: session.deadlineAt,
    labelMass: masses.length === 0 ? null : median(masses),
    verdicts: state.orders.ab.verdicts,
    failing: failing === null ? null : { ...failing, reason: wordsOf(failing.reason) },
    model: state.engineModel?.model ?? null,
    second:
      second === null || config.escalation === null
        ? null
        : {
            name: config.escalation.names[1],
            asGiven: second.state.orders.ab.answered,
            swapped: second.state.orders.ba.answered,
            model: second.state.engineModel?.model ?? null,
          },
    submission: submissionOf(folder, config),
  };
}

/**
 * Joins the sessions of two judges of a run, whose first judge begins and ends it: the answers are those of both, forecast and failures
 * those of the judge that wrote last.
 */
function joinSessions(first: Readonly<LastSession>, second: Readonly<LastSession>): Readonly<LastSession> {
  const isOld = second.startedAt === null || second.startedAt < (first.startedAt ?? 0);
  if (isOld) return first;
  const { forecast, failing } = (second.lastAt ?? 0) >= (first.lastAt ?? 0) ? second : first;
  return {
    ...first,
    lastAt: Math.max(first.lastAt ?? 0, second.lastAt ?? 0),
    answeredAt: [...first.answeredAt, ...second.answeredAt].sort((one, other) => one - other),
    forecast: forecast ?? first.forecast,
    failing,
  };
}

function submissionOf(folder: string, { output }: RunConfig): string {
  return output ?? join(folder, "submission.csv");
}

/** A joined run has no journal of its own: what is known of it is in its rows. */
function statusOfJoined({ folder, manifest, config, rows }: LoadedRun): RunStatus {
  const { obtained, readings, mass } = rows;
  const verdicts = config.classes.map(() => 0);
  for (let row = 0; row < rows.ids.length; row += 1) {
    const shown = rowAt(readings.ab, row);
    if (Number.isNaN(shown[0])) continue;
    const verdict = argmax(shown);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  const masses = mass.filter((value) => !Number.isNaN(value));
  return {
    folder,
    state: "joined",
    process: null,
    startedAt: null,
    lastAt: null,
    rows: {
      total: rows.ids.length,
      scored: obtained.filter((source) => source !== "prior").length,
      bothOrders: obtained.filter((source) => source === "both-orders").length,
    },
    rowsPerSecond: null,
    forecast: null,
    deadlineAt: null,
    labelMass: masses.length === 0 ? null : median(masses),
    verdicts,
    failing: null,
    model: manifest.model?.id ?? null,
    second: null,
    submission: submissionOf(folder, config),
  };
}

function stateOf({ startedAt, end, answeredAt }: LastSession, isHeld: boolean): RunStatus["state"] {
  if (isHeld) return end === null && answeredAt.length > 0 ? "running" : "starting";
  return end ?? (startedAt === null ? "new" : "killed");
}

const RATE_MS = 5 * 60_000;

/** `until` is the present moment while the run goes on, so that a silence lowers the rate; null: the last answer. */
function rateOf(answeredAt: readonly number[], until: number | null): number | null {
  const end = Math.max(answeredAt.at(-1) ?? 0, until ?? 0);
  const recent = answeredAt.filter((at) => at >= end - RATE_MS);
  const ms = end - (recent[0] ?? end);
  return recent.length < 2 || ms <= 0 ? null : (1_000 * (recent.length - 1)) / ms;
}
