import type { Task } from "../judge/judge.ts";
import type { Journal } from "../runfolder/journal/append.ts";
import { cleanEvent } from "../runfolder/journal/clean-event.ts";
import type { JournalEvent } from "../runfolder/journal/events.ts";
import { fold } from "../runfolder/state/fold.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { Attempt, FailureReason, Outcome, RequestEvent } from "../schedule/types.ts";
import type { Redact } from "../secrets/redactor.ts";
import type { Clock, Reading } from "../types.ts";

/** Counts of this session, for the progress line and the summary. */
export interface SessionCounts {
  scoredPrompts: number;
  promptTokens: number;
  requests: number;
  failedRequests: number;
  /** The requests that failed since the last answer: how many, and why the last one did; null when the last request was answered. */
  failing: { readonly requests: number; readonly reason: FailureReason; readonly message: string } | null;
}

/** Counts of a session that has sent nothing. */
export function noCounts(): SessionCounts {
  return { scoredPrompts: 0, promptTokens: 0, requests: 0, failedRequests: 0, failing: null };
}

/** Writes every event into the journal and immediately into the state, so that both always agree. */
export interface Recorder {
  readonly counts: Readonly<SessionCounts>;
  readonly record: (event: JournalEvent) => void;
  /** Records a request and the outcome of every task that ended with it. */
  readonly onRequest: (event: RequestEvent<Task, Reading>) => void;
}

/** Creates the recorder of a session. */
export function createRecorder(options: {
  journal: Journal;
  state: RunState;
  clock: Clock;
  /** Removes the secrets from the texts of servers. */
  redact: Redact;
  /** Called for each row and order that is answered for the first time, after the answer is in the state. */
  onAnswer?: (task: Task, reading: Reading) => void;
  /** Called once when the server's chat template prints another date than in the first answered row of the run. */
  onDateChange?: () => void;
  /**
   * Gives the reason that the journal records for requests that the end of the session aborted; "aborted" without this
   * function.
   */
  abortReason?: (() => "deadline" | "interrupted" | "aborted") | undefined;
}): Recorder {
  const { journal, state, clock, redact, onAnswer, onDateChange, abortReason } = options;
  const counts = noCounts();
  let dateChanged = false;
  const record = (written: JournalEvent): void => {
    const event = cleanEvent(written, redact);
    journal.append(event);
    fold(state, event);
  };
  const recordAnswer = (task: Task, outcome: Outcome<Reading> & { ok: true }): void => {
    const isFirst = !isAnswered(state, task.row, task.order);
    if (!dateChanged && task.chatHead !== undefined && task.chatHead !== (state.chatHead ?? task.chatHead)) {
      dateChanged = true;
      onDateChange?.();
    }
    record(answerEvent(task, outcome, counts.requests, clock.now()));
    counts.scoredPrompts += 1;
    counts.promptTokens += task.ids.length;
    if (isFirst) onAnswer?.(task, outcome.value);
  };
  const recordRetried = ({ reason, message }: Attempt<Task> & { ok: false }, tasks: readonly Task[]): void => {
    const word = reason === "aborted" ? (abortReason?.() ?? "aborted") : reason;
    for (const order of ["ab", "ba"] as const) {
      const rows = tasks.filter((task) => task.order === order).map(({ row }) => row);
      if (rows.length === 0) continue;
      const request = counts.requests;
      record({ event: "failed", rows, order, reason: word, message, final: false, request, at: clock.now() });
    }
  };
  return {
    counts,
    record,
    onRequest: ({ attempt, outcomes }) => {
      if (attempt !== null) counts.requests += 1;
      if (attempt?.ok === false) {
        if (attempt.reason !== "aborted") {
          counts.failedRequests += 1;
          const { reason, message } = attempt;
          counts.failing = { requests: (counts.failing?.requests ?? 0) + 1, reason, message };
        }
        const ended = new Set(outcomes.map(({ task }) => task));
        recordRetried(
          attempt,
          attempt.tasks.filter((task) => !ended.has(task)),
        );
      }
      if (attempt?.ok === true) counts.failing = null;
      const request = attempt === null ? null : counts.requests;
      for (const { task, outcome } of outcomes) {
        if (outcome.ok) recordAnswer(task, outcome);
        else {
          const { reason, message } = outcome;
          const { row, order } = task;
          record({ event: "failed", rows: [row], order, reason, message, final: true, request, at: clock.now() });
        }
      }
    },
  };
}

function answerEvent(
  task: Task,
  { value, attempts, ms }: Outcome<Reading> & { ok: true },
  request: number,
  at: number,
): JournalEvent {
  return {
    event: "row",
    row: task.row,
    order: task.order,
    logProbs: value.logProbs,
    mass: value.mass,
    bounded: value.bounded,
    tokens: task.ids.length,
    cutTokens: task.cutTokens,
    neutralised: task.neutralised,
    ...(task.chatHead === undefined ? {} : { chatHead: task.chatHead }),
    tokenBudget: task.tokenBudget,
    attempts,
    request,
    ms: Math.round(ms),
    at,
  };
}
