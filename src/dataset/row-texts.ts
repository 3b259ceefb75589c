import type { Turn } from "../types.ts";
import type { CellForm, DataMessage, TextCell } from "./cell.ts";

/** The texts of a row, one element for each turn, and the forms in which its cells were written. */
export interface RowTurns {
  readonly prompts: readonly Turn[];
  readonly responsesA: readonly Turn[];
  readonly responsesB: readonly Turn[];
  readonly forms: readonly CellForm[];
}

/** The cells with the texts of a row. The prompt is null when only the conversations have it. */
export interface TextCells {
  readonly prompt: TextCell | null;
  readonly a: TextCell;
  readonly b: TextCell;
}

/**
 * Combines the cells of a row to turns. Turns written as lists stay as they are. Messages are split where the user
 * speaks: a system message belongs to the user's first text, several answers in succession are one answer. Answers that
 * stand in the prompt, as in data with a shared context, belong to both A and B. Where the prompt's cell is missing, the
 * prompts are those of conversation A.
 */
export function combineTexts({ prompt, a, b }: TextCells): RowTurns {
  const forms = [...(prompt === null ? [] : [prompt.form]), a.form, b.form];
  const [answersA, answersB] = [answersOf(a), answersOf(b)];
  const shared = prompt === null ? null : promptsOf(prompt);
  const conversation = shared ?? { prompts: answersA.prompts, answers: [] };
  // A conversation repeats the turns of the prompt, and an answer by itself follows them.
  const own = ({ prompts, answers }: Exchange): readonly Turn[] =>
    prompts.length > 0 ? answers : [...conversation.answers, ...answers];
  return { prompts: conversation.prompts, responsesA: own(answersA), responsesB: own(answersB), forms };
}

/** Texts of the user and of the assistant; `answers[i]` answers `prompts[i]`. */
interface Exchange {
  readonly prompts: readonly Turn[];
  readonly answers: readonly Turn[];
}

function promptsOf(cell: TextCell): Exchange {
  return cell.form === "messages" ? exchangeOf(cell.messages) : { prompts: cell.turns, answers: [] };
}

function answersOf(cell: TextCell): Exchange {
  return cell.form === "messages" ? exchangeOf(cell.messages) : { prompts: [], answers: cell.turns };
}

function exchangeOf(messages: readonly DataMessage[]): Exchange {
  const prompts: Turn[] = [];
  const answers: Turn[] = [];
  let last: DataMessage["role"] | null = null;
  for (const { role, text } of messages) {
    const list = role === "assistant" ? answers : prompts;
    const continues = role === last || (role === "user" && last === "system");
    if (continues && list.length > 0) list.push(joined(list.pop() ?? null, text));
    else list.push(text);
    last = role;
  }
  return { prompts, answers };
}

function joined(first: Turn, second: Turn): Turn {
  if (first === null || second === null) return first ?? second;
  return `${first}\n\n${second}`;
}
