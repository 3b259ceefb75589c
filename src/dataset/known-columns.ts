import type { ClassName } from "../types.ts";

/** The codes of a label column: the class of each value, as text. */
export type LabelCodes = Readonly<Record<string, ClassName>>;

// The names of columns in public data sets of pairs, simplified as by `simplify`: LMSYS and Arena, MT-bench, RewardBench,
// JudgeBench, PandaLM, Auto-J, LLMBar, HelpSteer3, UltraFeedback, PKU and others in their shapes.

/** A person would take "Response A", "responseA" and "response_a" for the same name. */
export function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Names of the id, the most certain first. The empty name is the index that pandas writes. */
export const ID_NAMES = [
  "id",
  "questionid",
  "pairid",
  "conversationid",
  "exampleid",
  "promptid",
  "sampleid",
  "rowid",
  "uid",
  "uuid",
  "idx",
  "index",
  "",
] as const;

/** Names of the text that was asked, the most certain first. */
export const PROMPT_NAMES = [
  "prompt",
  "question",
  "instruction",
  "query",
  "userprompt",
  "context",
  "messages",
  "history",
  "input",
] as const;

/** Names of the two answers: the first part, followed by one of the endings. */
const ANSWER_NAMES = ["response", "conversation", "answer", "output", "completion", "reply", "modeloutput"] as const;
const ANSWER_ENDINGS = [
  ["a", "b"],
  ["0", "1"],
  ["1", "2"],
] as const;

/** The pairs of names of two answers, the most certain first. */
export const ANSWER_PAIRS: readonly (readonly [string, string])[] = ANSWER_NAMES.flatMap((name) =>
  ANSWER_ENDINGS.map(([one, other]): [string, string] => [`${name}${one}`, `${name}${other}`]),
);

/** Names of columns with words such as model_a, A>B or tie. */
export const WORD_NAMES = ["winner", "label", "preference", "verdict", "choice", "judgment", "judgement"] as const;

/** Names of columns with a score that is below 0 when the first answer is better. */
export const SCORE_NAMES = ["overallpreference"] as const;

/** Label columns with codes that their data set documents: the columns that must be there, and the codes. */
export const KNOWN_CODES: readonly {
  readonly label: RegExp;
  readonly beside: readonly string[];
  readonly codes: LabelCodes;
}[] = [
  // PandaLM: 0 is a tie.
  { label: /^annotator\d+$/, beside: ["response1", "response2"], codes: { 0: "tie", 1: "a", 2: "b" } },
  // PKU-SafeRLHF.
  { label: /^betterresponseid$/, beside: ["response0", "response1"], codes: { 0: "a", 1: "b" } },
  // LLMBar.
  { label: /^label$/, beside: ["output1", "output2"], codes: { 1: "a", 2: "b" } },
];

/** Auto-J writes "response 1" with a space, and its codes count from 0. */
export const AUTO_J = {
  header: ["response 1", "response 2", "label"],
  codes: { 0: "a", 1: "b", 2: "tie" } satisfies LabelCodes,
} as const;

/** Columns of the human judgements of MT-bench, which no other data set has together. */
export const MT_BENCH = ["question_id", "judge", "conversation_a", "conversation_b", "turn"] as const;

/** Names that look like labels. If such a column is not used, a note names it. */
export const LOOKS_LIKE_LABELS = /^(winner|label|preference|vote|verdict|score|rating|better|annotator|chosen|rank)/;
