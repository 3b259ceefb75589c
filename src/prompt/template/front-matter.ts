import { z } from "zod";
import { AbtieError } from "../../errors.ts";
import { describeIssue } from "../../files/schema-problem.ts";
import { parseBoundedYaml, type Yaml } from "../../files/yaml.ts";
import type { LabelTexts } from "./variables.ts";

const LABEL = z.union([z.string(), z.array(z.string()).min(1)]).transform((texts) => [texts].flat());

/** What an option of a structured decision means, for the model. */
const OPTION = z.string().trim().min(1);

/** The names of the labels in a template that asks for none. */
const NAMES: LabelTexts = { a: ["A"], b: ["B"], tie: ["tie"] };

/** The keys that each format needs; it has no place for the others. */
const KEYS_OF: Readonly<Record<string, readonly string[]>> = {
  raw: ["labels", "answer_prefix"],
  chat: ["labels", "answer_prefix"],
  text: [],
  decision: ["labels", "question", "options"],
};
const FOR_DECISIONS = 'is for "format: decision"; delete this key';
const WITHOUT = {
  raw: FOR_DECISIONS,
  chat: FOR_DECISIONS,
  text: '"format: text" is for classifiers, which write no answer; delete this key, or take "format: raw"',
  decision: '"format: decision" has the server ask for the answer; delete this key, or take "format: chat"',
} as const;

const HEAD = z
  .strictObject({
    description: z.string().trim().min(1),
    format: z.enum(["raw", "chat", "text", "decision"]),
    labels: z.strictObject({ a: LABEL, b: LABEL, tie: LABEL.optional() }).optional(),
    answer_prefix: z.string().optional(),
    system: z.string().trim().min(1).optional(),
    null_turn: z.string().optional(),
    question: z.string().trim().min(1).optional(),
    options: z.strictObject({ a: OPTION, b: OPTION, tie: OPTION.optional() }).optional(),
  })
  .superRefine((head, context) => {
    for (const key of ["labels", "answer_prefix", "question", "options"] as const) {
      if ((head[key] !== undefined) === (KEYS_OF[head.format] ?? []).includes(key)) continue;
      const message = head[key] === undefined ? "is missing" : WITHOUT[head.format];
      context.addIssue({ code: "custom", path: [key], message });
    }
    if (head.system !== undefined && (head.format === "raw" || head.format === "text")) {
      context.addIssue({
        code: "custom",
        path: ["system"],
        message: "only the formats chat and decision have a system message; move the text into the body",
      });
    }
    if (head.format === "raw" && head.answer_prefix === "") {
      context.addIssue({
        code: "custom",
        path: ["answer_prefix"],
        message: 'expected the text that starts the answer, for example "Answer:"',
      });
    }
    if (head.labels !== undefined && head.options !== undefined && "tie" in head.labels !== "tie" in head.options) {
      const message = "needs an option for each label, and no other: a, b, and tie where the labels have it";
      context.addIssue({ code: "custom", path: ["options"], message });
    }
    for (const [name, texts] of Object.entries(head.format === "decision" ? (head.labels ?? {}) : {})) {
      const [text = ""] = texts ?? [];
      if (!/^[A-Z]$/.test(text.trim())) continue;
      const message = `the server letters the options by their position, so an option called ${text} would be taken for a letter; use a word`;
      context.addIssue({ code: "custom", path: ["labels", name], message });
    }
    const seen = new Map<string, string>();
    for (const [name, texts] of Object.entries(head.labels ?? {})) {
      for (const text of texts ?? []) {
        const other = seen.get(text);
        const problem =
          text.trim() === ""
            ? "a label cannot be empty"
            : other &&
              `the text ${JSON.stringify(text)} is a label of ${other} already; each label needs a text of its own`;
        if (problem) context.addIssue({ code: "custom", path: ["labels", name], message: problem });
        seen.set(text, name);
      }
    }
  })
  .transform((head) => ({
    ...head,
    labels: head.labels ?? NAMES,
    answer_prefix: head.answer_prefix ?? "",
    decision:
      head.question === undefined || head.options === undefined
        ? null
        : { question: head.question, options: head.options },
  }));

/** The parts of a template file. */
export interface FrontMatter {
  readonly head: z.infer<typeof HEAD>;
  /** The Jinja body, without blank lines around it. */
  readonly body: string;
  /** Line of the file in which the body begins, counted from 1. */
  readonly bodyLine: number;
  /** Returns the line of the file in which the value of a front matter key begins. */
  readonly lineOf: (key: string) => number;
}

/**
 * Splits a template file into front matter, which is checked, and body. Throws AbtieError("config") with file, line and
 * key of every problem.
 */
export function readFrontMatter(path: string, source: string): FrontMatter {
  const match = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/mu.exec(source);
  if (match === null || match.index > 0) {
    throw new AbtieError(
      "config",
      `${path}:1: expected the front matter: a line "---", then description, format, labels and answer_prefix in YAML, then a line "---" and the body.`,
    );
  }
  const yaml = match[1] ?? "";
  const { document, value, problems: found, positionOf } = parseBoundedYaml(yaml);
  // The YAML begins on the second line of the file.
  const lineAt = (offset: number): number => positionOf(offset).line + 1;
  const [broken] = found;
  if (broken !== undefined) {
    const problem = broken.message.split("\n", 1)[0] ?? "";
    throw new AbtieError("config", `${path}:${lineAt(broken.offset)}: the front matter is not YAML: ${problem}`);
  }
  const lineOf = (keys: readonly PropertyKey[]): number => lineOfKey(document, keys, lineAt);
  const parsed = HEAD.safeParse(value ?? {}, { reportInput: true });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${path}:${lineOf(issuePath(issue))}: ${issue.path.join(".") || "front matter"}: ${explain(issue)}`,
    );
    throw new AbtieError("config", problems.join("\n"));
  }
  const rest = source.slice(match[0].length);
  const blank = /^(?:[ \t]*\r?\n)*/.exec(rest)?.[0] ?? "";
  return {
    head: parsed.data,
    body: rest.slice(blank.length).trimEnd(),
    bodyLine: countLines(match[0] + blank),
    lineOf: (key) => lineOf([key]),
  };
}

type Issue = z.core.$ZodIssue;

// zod reports an unknown key at the path of its parent, but the line of the key itself must be shown.
function issuePath(issue: Issue): readonly PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
}

function explain(issue: Issue): string {
  if (issue.code === "unrecognized_keys")
    return `unknown key ${issue.keys.join(", ")}; the keys are description, format, labels (a, b and, unless there are no ties, tie), answer_prefix, system, null_turn, question and options`;
  if (issue.code === "invalid_union") return 'expected a text or a list of texts (quote numbers: "1")';
  return describeIssue(issue);
}

function lineOfKey(
  document: Yaml["document"],
  keys: readonly PropertyKey[],
  lineAt: (offset: number) => number,
): number {
  for (let depth = keys.length; depth > 0; depth--) {
    const node: unknown = document?.getIn(keys.slice(0, depth), true);
    const range = typeof node === "object" && node !== null && "range" in node ? node.range : null;
    if (Array.isArray(range) && typeof range[0] === "number") return lineAt(range[0]);
  }
  return 1;
}

function countLines(text: string): number {
  return text.split("\n").length;
}
