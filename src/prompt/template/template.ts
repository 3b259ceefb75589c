import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { AbtieError, messageOf, systemCode } from "../../errors.ts";
import { sha256 } from "../../files/hash.ts";
import { readSmallFile } from "../../files/read-small-file.ts";
import type { ClassName } from "../../types.ts";
import { checkDisplay } from "./check-display.ts";
import { type BodyContext, compileBody, type TextColumns } from "./compile-body.ts";
import { readFrontMatter } from "./front-matter.ts";
import {
  bodyVariables,
  type LabelTexts,
  labelVariables,
  systemVariables,
  type TemplateVariables,
} from "./variables.ts";

/** A prompt template: the text with which the model is asked to compare two answers. */
export interface Template {
  /** The file's name without `.jinja`. */
  readonly name: string;
  readonly path: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** A sentence that describes the purpose of the template. */
  readonly description: string;
  /**
   * raw: body and answer prefix are the whole text. chat: the body is the user's message in the model's chat template. text: the
   * body is the whole text, and nothing answers it but a classifier. decision: the body is the state of a structured decision, and the
   * server writes the prompt.
   */
  readonly format: "raw" | "chat" | "text" | "decision";
  /** The texts of each label. Several texts of a label are variants of it. */
  readonly labels: LabelTexts;
  /** The text that stands for a null turn; null: "(empty)" stands for null and blank turns alike. */
  readonly nullTurn: string | null;
  /** Text with which the answer begins; a label follows it. Empty for the format text. */
  readonly answerPrefix: string;
  /** The question of a structured decision, and what each of its options means; null for the other formats. */
  readonly decision: {
    readonly question: string;
    readonly options: Readonly<Partial<Record<ClassName, string | undefined>>>;
  } | null;
  /** The system message; null for none. */
  readonly system: string | null;
  /** Renders the body. */
  readonly render: (variables: TemplateVariables) => string;
}

/** Decides whether the body of a template goes through the model's chat template. */
export function isChat({ format }: Pick<Template, "format">): boolean {
  return format === "chat" || format === "decision";
}

/**
 * Loads a template file: YAML front matter between `---` lines, then a Jinja body. If `labels` is given, it replaces
 * the labels of the file; with `columns`, the error for a name that is a column says how a template names its text. Throws AbtieError("config") with file and line when the front matter or the body has an
 * error, when the body uses an unknown variable, or when the rendered text lacks the prompt or an answer.
 */
export async function loadTemplate(
  path: string,
  labels: LabelTexts | null = null,
  columns: TextColumns | null = null,
): Promise<Template> {
  const source = await readSource(path);
  const { head, body, bodyLine, lineOf } = readFrontMatter(path, source);
  const texts = labels ?? head.labels;
  const context: BodyContext = { path, firstLine: bodyLine, variables: bodyVariables(texts), columns };
  const render = compileBody(body, context);
  checkDisplay(path, render, texts);

  return {
    name: basename(path).replace(/\.jinja$/, ""),
    path,
    sha256: sha256(source),
    description: head.description,
    format: head.format,
    labels: texts,
    nullTurn: head.null_turn ?? null,
    answerPrefix: head.answer_prefix,
    decision: head.decision,
    system:
      head.system === undefined
        ? null
        : compileBody(head.system, {
            path,
            firstLine: lineOf("system"),
            variables: systemVariables(texts),
            columns,
          })({ labels: labelVariables(texts) }),
    render: (variables) => render({ ...variables }),
  };
}

/** Reads the front matter of a template file alone. Throws AbtieError("config") like loadTemplate. */
export async function readTemplateHead(path: string): Promise<Pick<Template, "format" | "labels">> {
  return readFrontMatter(path, await readSource(path)).head;
}

async function readSource(path: string): Promise<string> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    const known = await listTemplates(dirname(path));
    const beside = known.length === 0 ? "" : ` Templates in ${dirname(path)}: ${known.join(", ")}.`;
    throw new AbtieError(
      "config",
      `cannot read the template ${path} (${systemCode(error) ?? messageOf(error)}).${beside} Name a shipped template (\`abtie templates\` lists them) or the path of a .jinja file.`,
      { cause: error },
    );
  }
}

/** Lists the names of the templates in a folder; none when the folder cannot be read. */
export async function listTemplates(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.flatMap((file) => (file.endsWith(".jinja") ? [basename(file, ".jinja")] : [])).sort();
}
