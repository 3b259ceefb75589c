import { Template } from "@huggingface/jinja";
import { distance } from "fastest-levenshtein";
import { AbtieError, messageOf } from "../errors.ts";
import type { Kind } from "./kinds.ts";
import { findSyntaxProblem, lineAt } from "./syntax-line.ts";
import { findUnknownNames, type JinjaNode, type UnknownName } from "./unknown-names.ts";

/** Where a Jinja text stands, and which variables it may name. */
export interface BodyContext {
  readonly path: string;
  /** Line of the file in which the text begins. */
  readonly firstLine: number;
  readonly variables: ReadonlyMap<string, Kind>;
}

/**
 * Compiles a Jinja text into a function that renders it. Throws AbtieError("config") with file and line when it does not
 * parse or names something unknown; the returned function throws one when a filter or function in it fails.
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
    const found = messageOf(error);
    const place = findSyntaxProblem(source) ?? { line: 1, problem: null };
    const line = context.firstLine + place.line - 1;
    throw new AbtieError("config", `${context.path}:${line}: the template is broken: ${place.problem ?? found}`, {
      cause: error,
    });
  }
}

// Most failures of rendering are unknown filters and tests; the message ends with their name.
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
    `${context.path}:${line}: unknown name "${name}" (Jinja would show nothing for it); did you mean "${nearest}"? Known here: ${list}.`,
  );
}

// The syntax tree has no positions. Renaming one occurrence shows whether it is one that nothing defines: then the name is
// unknown once less.
function findLine(source: string, name: string, variables: ReadonlyMap<string, Kind>): number {
  const all = countUnknown(source, name, variables);
  for (const match of source.matchAll(new RegExp(`\\b${name}\\b`, "gu"))) {
    const renamed = `${source.slice(0, match.index)}renamed_${source.slice(match.index)}`;
    if (countUnknown(renamed, name, variables) < all) return lineAt(source, match.index);
  }
  return 1;
}

function countUnknown(source: string, name: string, variables: ReadonlyMap<string, Kind>): number {
  try {
    const { parsed } = new Template(source);
    return findUnknownNames(parsed as unknown as JinjaNode, variables).filter((found) => found.name === name).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
