import type { ClassName, Order, Row } from "../types.ts";

/** Texts of the labels; several texts are variants of one label. */
export type LabelTexts = Readonly<Record<ClassName, readonly string[]>>;

/** One turn of a comparison: the question and both answers, in the order of the file. */
export interface TurnTexts {
  /** Position in the conversation, counted from 1. */
  readonly number: number;
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
}

/** What a template shows of a row. */
export interface Conversation {
  readonly turns: readonly TurnTexts[];
  /** Turns before the first one here that were left out for want of room. */
  readonly dropped: number;
}

/** The variables of a template's body. */
export interface TemplateVariables {
  /** The turns' prompts, joined by blank lines; the answers likewise. */
  readonly prompt: string;
  readonly response_a: string;
  readonly response_b: string;
  readonly turns: readonly {
    readonly number: number;
    readonly prompt: string;
    readonly response_a: string;
    readonly response_b: string;
  }[];
  readonly labels: Readonly<Record<ClassName, string>>;
}

const EMPTY = "(empty)";

/** Pairs a row's turns; a missing, null or blank text becomes "(empty)", and a row without turns has one of them. */
export function pairTurns(row: Row): readonly TurnTexts[] {
  const count = Math.max(1, row.prompts.length, row.responsesA.length, row.responsesB.length);
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    prompt: show(row.prompts[i]),
    a: show(row.responsesA[i]),
    b: show(row.responsesB[i]),
  }));
}

function show(text: string | null | undefined): string {
  return text === null || text === undefined || text.trim() === "" ? EMPTY : text;
}

/** Lays a conversation out as template variables; order "ba" puts the second answer first. */
export function viewConversation(conversation: Conversation, order: Order, labels: LabelTexts): TemplateVariables {
  const { turns, dropped } = conversation;
  const shown = turns.map(({ number, prompt, a, b }) => ({
    number,
    prompt,
    response_a: order === "ab" ? a : b,
    response_b: order === "ab" ? b : a,
  }));
  const marker = dropped === 0 ? [] : [`(snip ${dropped} earlier ${dropped === 1 ? "turn" : "turns"})`];
  const join = (texts: readonly string[]): string => [...marker, ...texts].join("\n\n");
  return {
    prompt: join(shown.map((turn) => turn.prompt)),
    response_a: join(shown.map((turn) => turn.response_a)),
    response_b: join(shown.map((turn) => turn.response_b)),
    turns: shown.map((turn, i) => (i === 0 ? { ...turn, prompt: [...marker, turn.prompt].join("\n") } : turn)),
    labels: labelVariables(labels),
  };
}

/** The first text of each label, without the spaces around it that only matter to the tokenizer. */
export function labelVariables(labels: LabelTexts): Readonly<Record<ClassName, string>> {
  const first = (name: ClassName): string => (labels[name][0] ?? "").trim();
  return { a: first("a"), b: first("b"), tie: first("tie") };
}
