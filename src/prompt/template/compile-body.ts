import { distance } from "fastest-levenshtein";
import { AbtieError } from "../../errors.ts";
import { quoteForShell } from "../../format.ts";
import type { Columns } from "../../types.ts";
import { compileJinja } from "../jinja/compile.ts";
import { parseJinja } from "../jinja/library.ts";
import { lineAt } from "../jinja/syntax-problem.ts";
import { findUnknownNames, type Shape, type UnknownName } from "./unknown-names.ts";

/** The position of a Jinja text in its file, and the variables that it may use. */
export interface BodyContext {
  readonly path: string;
  /** Line of the file in which the text begins, counted from 1. */
  readonly firstLine: number;
  readonly variables: ReadonlyMap<string, Shape>;
  /** The columns of the rows that the template is used for; null when they are not known. */
  readonly columns: TextColumns | null;
}

/** The columns of a file of rows, and which of them have the texts that a template reads. */
export interface TextColumns {
  readonly names: readonly string[];
  /** The columns whose names are not the usual ones. */
  readonly foundColumns: Partial<Columns>;
}

/**
 * Compiles a Jinja text into a function that renders it. Throws AbtieError("config") with file and line when the text does
 * not parse or uses an unknown name. The returned function throws AbtieError("config") when a filter or function fails.
 */
export function compileBody(
  source: string,
  context: BodyContext,
): (variables: Readonly<Record<string, unknown>>) => string {
  const at = (line: number | null): string => `${context.path}:${context.firstLine + (line ?? 1) - 1}`;
  const { program, render } = compileJinja(source, { noun: "template", at, remedy: "" });
  const [unknown] = findUnknownNames(program, context.variables);
  if (unknown !== undefined) throw unknownName(source, unknown, context);
  return render;
}

function unknownName(source: string, { name, known }: UnknownName, context: BodyContext): AbtieError {
  const line = context.firstLine + findLine(source, name, context.variables) - 1;
  const here = known.filter((text) => !/^(true|false|none|range|namespace)$/i.test(text));
  const [nearest = ""] = here.toSorted((x, y) => distance(x, name) - distance(y, name));
  const far = distance(nearest, name);
  const meant = far < name.length && far <= Math.max(1, name.length / 3) ? `; did you mean "${nearest}"?` : ".";
  return new AbtieError(
    "config",
    `${context.path}:${line}: unknown name "${name}" (Jinja would render it as an empty text)${columnNote(name, context) ?? meant} Known here: ${here.join(", ")}.`,
  );
}

/** Says how a template names the text of a column; null when the rows have no column of this name. */
function columnNote(name: string, { columns, variables }: BodyContext): string | null {
  if (columns === null || !columns.names.includes(name) || !variables.has("prompt")) return null;
  const { prompt, responseA, responseB } = columns.foundColumns;
  const texts = [
    { variable: "prompt", column: prompt },
    { variable: "response_a", column: responseA },
    { variable: "response_b", column: responseB },
  ];
  const used = texts.find(({ column }) => column === name);
  const reason =
    ": a template names the texts of a row prompt, response_a and response_b, whatever their columns are called.";
  if (used !== undefined) return `${reason} The column "${name}" is ${used.variable}: write that here.`;
  const flags = texts.map(({ variable }) => `--set ${quoteForShell(`columns.${variable}=${name}`)}`);
  return `${reason} The columns of the rows are ${columns.names.join(", ")}. If "${name}" is one of these texts, write its name here, and name the column with ${flags.join(" or ")}.`;
}

// The syntax tree contains no positions. So each occurrence of the name in the text is renamed, one after another. If
// renaming lowers the number of unknown uses, that occurrence was one of them. Each try parses the text anew, so that
// their number is bounded.
function findLine(source: string, name: string, variables: ReadonlyMap<string, Shape>): number {
  const all = countUnknown(source, name, variables);
  const tries = Math.ceil(PARSED_FOR_LINE / (source.length + 1));
  for (const match of [...source.matchAll(new RegExp(`\\b${name}\\b`, "gu"))].slice(0, tries)) {
    const renamed = `${source.slice(0, match.index)}renamed_${source.slice(match.index)}`;
    if (countUnknown(renamed, name, variables) < all) return lineAt(source, match.index);
  }
  return 1;
}

// Characters that are parsed at most to find the line of an unknown name.
const PARSED_FOR_LINE = 3_000_000;

function countUnknown(source: string, name: string, variables: ReadonlyMap<string, Shape>): number {
  try {
    return findUnknownNames(parseJinja(source), variables).filter((found) => found.name === name).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
