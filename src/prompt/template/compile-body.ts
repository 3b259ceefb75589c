import { Template } from "@huggingface/jinja";
import { distance } from "fastest-levenshtein";
import { AbtieError, messageOf } from "../../errors.ts";
import { findSyntaxProblem, lineAt } from "./syntax-problem.ts";
import { findUnknownNames, type JinjaNode, type Shape, type UnknownName } from "./unknown-names.ts";

/** The position of a Jinja text in its file, and the variables that it may use. */
export interface BodyContext {
  readonly path: string;
  /** Line of the file in which the text begins, counted from 1. */
  readonly firstLine: number;
  readonly variables: ReadonlyMap<string, Shape>;
}

/**
 * Compiles a Jinja text into a function that renders it. Throws AbtieError("config") with file and line when the text does
 * not parse or uses an unknown name. The returned function throws AbtieError("config") when a filter or function fails.
 */
export function compileBody(
  source: string,
  context: BodyContext,
): (variables: Readonly<Record<string, unknown>>) => string {
  const template = parse(source, context);
  const [unknown] = findUnknownNames(template.parsed as unknown as JinjaNode, context.variables);
  if (unknown !== undefined) throw unknownName(source, unknown, context);
  return (variables) => {
    try {
      return template.render(variables);
    } catch (error) {
      const found = messageOf(error);
      const line = context.firstLine + lineOfFailure(source, found) - 1;
      throw new AbtieError("config", `${context.path}:${line}: the template cannot be rendered: ${found}`, {
        cause: error,
      });
    }
  };
}

function parse(source: string, context: BodyContext): Template {
  try {
    return new Template(source);
  } catch (error) {
    const found = findSyntaxProblem(source);
    const line = context.firstLine + (found?.line ?? 1) - 1;
    throw new AbtieError(
      "config",
      `${context.path}:${line}: the template is broken: ${found?.problem ?? messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

// Rendering usually fails at unknown filters and tests. The error message then ends with the name of the filter or
// test.
function lineOfFailure(source: string, message: string): number {
  const name = /(?:filter|test): (\w+)$/.exec(message)?.[1];
  return name === undefined ? 1 : lineAt(source, Math.max(0, source.search(new RegExp(`\\b${name}\\b`))));
}

function unknownName(source: string, { name, known }: UnknownName, context: BodyContext): AbtieError {
  const line = context.firstLine + findLine(source, name, context.variables) - 1;
  const nearest = known.toSorted((x, y) => distance(x, name) - distance(y, name))[0];
  const list = known.filter((text) => !/^(true|false|none|range|namespace)$/i.test(text)).join(", ");
  return new AbtieError(
    "config",
    `${context.path}:${line}: unknown name "${name}" (Jinja would render it as an empty text); did you mean "${nearest}"? Known here: ${list}.`,
  );
}

// The syntax tree contains no positions. So each occurrence of the name in the text is renamed, one after another. If
// renaming lowers the number of unknown uses, that occurrence was one of them.
function findLine(source: string, name: string, variables: ReadonlyMap<string, Shape>): number {
  const all = countUnknown(source, name, variables);
  for (const match of source.matchAll(new RegExp(`\\b${name}\\b`, "gu"))) {
    const renamed = `${source.slice(0, match.index)}renamed_${source.slice(match.index)}`;
    if (countUnknown(renamed, name, variables) < all) return lineAt(source, match.index);
  }
  return 1;
}

function countUnknown(source: string, name: string, variables: ReadonlyMap<string, Shape>): number {
  try {
    const { parsed } = new Template(source);
    return findUnknownNames(parsed as unknown as JinjaNode, variables).filter((found) => found.name === name).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
