import type { ProbeInput } from "../engine/dialects/dialect.ts";
import type { Engine } from "../engine/engine.ts";
import type { ProbedServer } from "../engine/life/open-engine.ts";
import type { Template } from "../prompt/template/template.ts";
import type { ClassName, Order, Reading } from "../types.ts";

/**
 * Turns rows into tasks, and tasks into readings. The scoring job, the pool of engines, the bench and the comparison
 * use only this interface; `generative/` implements it for models that answer with text.
 */
export interface Judge {
  /** Largest number of prompt tokens of a row; a longer row is shortened. */
  readonly budget: number;
  /** The label texts and the tokens of each, in one line for a person. */
  readonly labels: string;
  /**
   * A sentence for a person when the label texts have different numbers of tokens, because a label of more tokens then gets a smaller
   * probability than its text deserves; null when they have equal numbers.
   */
  readonly unequalLabels: string | null;
  /**
   * A sentence for a person when the model's chat template marks turns with plain words, which no text can be kept from imitating; null
   * when it marks them with control tokens.
   */
  readonly plainTurns: string | null;
  /** What a person should check about the model before its numbers are used, each with what to do. */
  readonly doubts: readonly Doubt[];
  /** Hash of everything in the judge that determines the token ids of a row, except the data and the tokenizer. */
  readonly promptHash: string;
  /** The scorer of almost every task; a row that needs another scorer has it in its task. */
  readonly scorer: Scorer;
  /**
   * Prepares a row within a token budget; null stands for the judge's own budget. Throws AbtieError("data") when the
   * data file has changed, AbtieError("config") when the template cannot be rendered, and a RequestError when the
   * server does the tokenising and fails.
   */
  readonly prepare: (row: number, order: Order, tokenBudget: number | null) => Promise<Task>;
  /** Renders the prompt of a row as text that a person can read. */
  readonly show: (row: number, order: Order) => Promise<string>;
  /** Describes the end of a row's prompt as the model sees it, and the settings that shape it. */
  readonly inspect: (row: number, order: Order) => Promise<Inspection>;
}

/** A sentence about something that cannot be decided from the files, and a remedy. */
export interface Doubt {
  readonly text: string;
  readonly remedy: string;
}

/** One text of a label. */
export interface LabelTokens {
  readonly label: ClassName;
  readonly text: string;
  readonly tokens: readonly ShownToken[];
}

/** A token id and the text that it adds behind the tokens before it. */
export interface ShownToken {
  readonly id: number;
  readonly text: string;
}

/** The end of a prompt as it is sent. */
export interface Inspection {
  /** The last characters of the prompt, decoded from its ids, control tokens included. */
  readonly end: string;
  readonly lastTokens: readonly ShownToken[];
  /** Every label text with the tokens that it has behind the prompts of a sample of rows; empty for a judge without label texts. */
  readonly labels: readonly LabelTokens[];
  /** The variables that the chat template gets, and whether this prompt would be another one without each of them; none without a chat template. */
  readonly variables: readonly { readonly name: string; readonly value: unknown; readonly changesPrompt: boolean }[];
  /** The day that the chat template prints (YYYY-MM-DD); null when the prompt depends on no day that abtie gives. */
  readonly date: string | null;
}

/** Lists what a person should know about labels and model before the numbers are used, one sentence each. */
export function judgeWarnings({
  unequalLabels,
  plainTurns,
  doubts,
}: Pick<Judge, "unequalLabels" | "plainTurns" | "doubts">): readonly string[] {
  const described = doubts.map(({ text, remedy }) => `${text} ${remedy}`);
  return [unequalLabels, plainTurns, ...described].filter((text) => text !== null);
}

/** A row with its answers in one order, as a prompt that can be sent. */
export interface Task {
  /** Index of the row in the file, counted from 0. */
  readonly row: number;
  readonly order: Order;
  /** The largest number of prompt tokens that the caller of `prepare` allowed; null for the budget of the judge. */
  readonly tokenBudget: number | null;
  /** The token ids of the prompt that are sent. */
  readonly ids: readonly number[];
  /** Number of tokens that were cut from the row's texts so that the prompt fits. */
  readonly cutTokens: number;
  /** Number of control tokens in the row's texts that were broken up, so that the model reads them as plain text. */
  readonly neutralised: number;
  /** Why the prompt must not be sent: its texts form control tokens; null for a good one. */
  readonly refusal: string | null;
  /**
   * Hash of the first ids of the prompt, if they print a date that only the server sets; absent otherwise. Tasks with
   * different hashes were made on different days.
   */
  readonly chatHead?: string;
  readonly scorer: Scorer;
  /**
   * With a salt, the server reuses computed prefixes only from requests with the same salt. All tasks of a batch have
   * the same salt.
   */
  readonly cacheSalt?: string;
}

/** Sends prompts to a server and reads its answers. Tasks with the same scorer share requests. */
export interface Scorer {
  /**
   * Returns one reading for each task, in the order of the tasks. Throws a RequestError, or the signal's reason when it
   * aborts.
   */
  readonly score: (engine: ScoringEngine, tasks: readonly Task[], signal: AbortSignal) => Promise<readonly Reading[]>;
}

/** Scores a batch of tasks, which may come from several judges. Returns the readings in the order of the tasks. */
export async function scoreBatch(
  engine: ScoringEngine,
  batch: readonly Task[],
  signal: AbortSignal,
): Promise<readonly Reading[]> {
  const scorers = [...new Set(batch.map(({ scorer }) => scorer))];
  const scored = await Promise.all(
    scorers.map(async (scorer) => {
      const tasks = batch.filter((task) => task.scorer === scorer);
      const readings = await scorer.score(engine, tasks, signal);
      return tasks.map((task, index) => [task, readings[index]] as const);
    }),
  );
  const byTask = new Map(scored.flat());
  return batch.map((task) => {
    const reading = byTask.get(task);
    if (reading === undefined) throw new Error("every task of a batch is scored");
    return reading;
  });
}

/** The properties of a running server that a judge needs. */
export type JudgeServer = ProbedServer;

/** The parts of an engine with which tasks are scored. */
export type ScoringEngine = Pick<Engine, "score" | "post">;

/**
 * Makes the judge of a config. This is done before the server runs, so that mistakes are found early, and again for
 * each server, because the server's context length limits the prompts.
 */
export interface JudgeLoader {
  readonly template: Template;
  /** True when the tokenizer files of the model are on this machine, so that no server is needed for tokenising. */
  readonly local: boolean;
  /** False when no reading has a label mass, because the judge can answer with nothing but the labels. */
  readonly hasMass: boolean;
  /**
   * Makes the judge without a server. Null stands for the context length of the config. Requires that `local` is true.
   */
  readonly open: (maxModelLen: number | null) => Promise<Judge>;
  /**
   * Makes the judge for a running server, and the prompt and label ids with which the engine finds out by which method
   * this server gives label probabilities. Throws AbtieError("engine") when the server's tokenizer gives other tokens
   * than the local one.
   */
  readonly probe: (server: JudgeServer) => Promise<{ readonly judge: Judge; readonly input: ProbeInput }>;
}
