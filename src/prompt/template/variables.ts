import { classesOf } from "../../classes.ts";
import type { Classes, ClassName, Order, Row } from "../../types.ts";
import { ANY, record, type Shape } from "./unknown-names.ts";

/**
 * The texts of each label; a judge without `tie` knows no tie. Several texts of a label are variants of it, and their
 * probabilities are added.
 */
export interface LabelTexts {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly tie?: readonly string[] | undefined;
}

/** Returns the classes for which there are labels. */
export function classesOfLabels({ tie }: LabelTexts): Classes {
  return classesOf(tie !== undefined);
}

/** One turn of a comparison: the question and both answers, in the order of the file. */
export interface TurnTexts {
  /** Position in the conversation, counted from 1. */
  readonly number: number;
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
}

/** The turns of a row that a template renders. */
export interface Conversation {
  readonly turns: readonly TurnTexts[];
  /** Number of earlier turns that were left out because they did not fit. */
  readonly dropped: number;
}

/** The variables of a template's body. */
export interface TemplateVariables {
  /** The prompts of all turns, joined by blank lines; `response_a` and `response_b` are joined in the same way. */
  readonly prompt: string;
  readonly response_a: string;
  readonly response_b: string;
  readonly turns: readonly {
    readonly number: number;
    readonly prompt: string;
    readonly response_a: string;
    readonly response_b: string;
  }[];
  readonly labels: ShownLabels;
}

/** The text of each label that a prompt shows. */
export type ShownLabels = Readonly<Partial<Record<ClassName, string>>>;

const TURN = record({ number: ANY, prompt: ANY, response_a: ANY, response_b: ANY });

/** Returns the shapes of the variables that the body of a template may use; see TemplateVariables. */
export function bodyVariables(labels: LabelTexts): ReadonlyMap<string, Shape> {
  return new Map([
    ["prompt", ANY],
    ["response_a", ANY],
    ["response_b", ANY],
    ["turns", { fields: null, item: TURN }],
    ...systemVariables(labels),
  ]);
}

/** Returns the shapes of the variables that the system message of a template may use. It is rendered without a row. */
export function systemVariables(labels: LabelTexts): ReadonlyMap<string, Shape> {
  return new Map([["labels", record(Object.fromEntries(classesOfLabels(labels).map((name) => [name, ANY])))]]);
}

const EMPTY = "(empty)";

/**
 * Combines the texts of a row to turns; a row without turns gets one turn with three missing texts. A missing, null or blank
 * text becomes "(empty)". If `nullTurn` is given, it stands for a missing or null text instead, and a blank text stays.
 */
export function pairTurns(row: Row, nullTurn: string | null): readonly TurnTexts[] {
  const count = Math.max(1, row.prompts.length, row.responsesA.length, row.responsesB.length);
  const show = (text: string | null | undefined): string => {
    if (nullTurn !== null) return text ?? nullTurn;
    return text === null || text === undefined || text.trim() === "" ? EMPTY : text;
  };
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    prompt: show(row.prompts[i]),
    a: show(row.responsesA[i]),
    b: show(row.responsesB[i]),
  }));
}

/** Turns a conversation into template variables. With the order "ba", the second answer is shown first. */
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

/**
 * Returns the first text of each label without the spaces around it, because only the tokenizer needs these spaces.
 */
export function labelVariables(labels: LabelTexts): ShownLabels {
  return Object.fromEntries(classesOfLabels(labels).map((name) => [name, (labels[name]?.[0] ?? "").trim()]));
}
