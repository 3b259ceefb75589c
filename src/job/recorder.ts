import type { Task } from "../judge/judge.ts";
import type { Journal } from "../runfolder/journal/append.ts";
import type { JournalEvent } from "../runfolder/journal/events.ts";
import { fold } from "../runfolder/state/fold.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { Attempt, Outcome } from "../schedule/types.ts";
import type { Clock, Reading } from "../types.ts";
import type { Publisher } from "./publisher.ts";

/** Counts of this session, for the line that is shown and the summary. */
export interface SessionCounts {
  scoredPrompts: number;
  promptTokens: number;
  requests: number;
  failedRequests: number;
}

/** Writes what happens into the journal and folds it into the state in the same breath, so that both always agree. */
export interface Recorder {
  readonly tally: Readonly<SessionCounts>;
  readonly record: (event: JournalEvent) => void;
  readonly outcome: (task: Task, outcome: Outcome<Reading>) => void;
  readonly attempt: (attempt: Attempt<Task>) => void;
}

/** Creates the recorder of a session. `onOutcome` is told after an outcome is in the state. */
export function createRecorder(options: {
  journal: Journal;
  state: RunState;
  board: Pick<Publisher, "answered">;
  clock: Clock;
  onOutcome: (task: Task, answered: boolean) => void;
  /** The journal's word for why requests were given up; see describe-failure.ts. */
  givenUp?: () => "deadline" | "interrupted";
}): Recorder {
  const { journal, state, board, clock } = options;
  const tally: SessionCounts = { scoredPrompts: 0, promptTokens: 0, requests: 0, failedRequests: 0 };
  const record = (event: JournalEvent): void => {
    journal.append(event);
    fold(state, event);
  };
  // The outcomes of a request are told right after it.
  let last: Attempt<Task> | null = null;
  const requestOf = (task: Task): number | null => (last?.tasks.includes(task) ? tally.requests : null);
  return {
    tally,
    record,
    outcome: (task, outcome) => {
      if (outcome.ok) {
        const fresh = !isAnswered(state, task.row, task.order);
        record(resultOf(task, outcome, tally.requests, clock.now()));
        tally.scoredPrompts += 1;
        tally.promptTokens += task.ids.length;
        if (fresh) board.answered();
      } else {
        const { reason, message } = outcome;
        const what = { rows: [task.row], order: task.order, reason, message, final: true };
        record({ event: "failed", ...what, request: requestOf(task), at: clock.now() });
      }
      options.onOutcome(task, outcome.ok);
    },
    attempt: (attempt) => {
      tally.requests += 1;
      last = attempt;
      if (attempt.ok) return;
      if (attempt.reason !== "aborted") tally.failedRequests += 1;
      const { message, tasks, ended } = attempt;
      const reason = attempt.reason === "aborted" ? (options.givenUp?.() ?? "aborted") : attempt.reason;
      const what = { reason, message, final: false, request: tally.requests } as const;
      for (const order of ["ab", "ba"] as const) {
        // What ended is told as an outcome.
        const rows = tasks.filter((task) => task.order === order && !ended.includes(task)).map(({ row }) => row);
        if (rows.length > 0) record({ event: "failed", rows, order, ...what, at: clock.now() });
      }
    },
  };
}

function resultOf(
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
    tokenBudget: task.tokenBudget,
    attempts,
    request,
    ms: Math.round(ms),
    at,
  };
}
