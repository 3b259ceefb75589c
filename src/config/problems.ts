import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { AbtieError } from "../errors.ts";
import { describeIssue } from "../files/schema-problem.ts";

/** The keys that lead from the root of a config to a value. */
export type Path = readonly PropertyKey[];

/** A statement that a value is wrong, before its position in the file is known. */
export interface Objection {
  readonly path: Path;
  readonly message: string;
  /** The missing key, when the objection is that a key is missing and `path` names another key. */
  readonly missing?: Path;
  /** The key that a mistyped key was probably meant to be. */
  readonly meant?: Path;
}

/** A position in a file, counted from 1. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

/** The source of a value: a position in a file, or the flag or variable that set it. */
export interface Place {
  readonly source: string;
  readonly position: FilePosition | null;
}

/** An objection, with the source of the value. */
export interface Problem extends Objection {
  readonly place: Place;
}

/** Creates the error that lists every problem, one file after the other, and each file from top to bottom. */
export function refuse(problems: readonly Problem[]): AbtieError {
  const lines = inOrder(problems).map(formatProblem);
  const [first] = lines;
  if (lines.length === 1 && first !== undefined) return new AbtieError("config", first);
  return new AbtieError("config", `${lines.length} problems in the config`, { details: lines });
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sources = [...new Set(problems.map(({ place }) => place.source))];
  const keyOf = ({ place: { source, position } }: Problem): readonly [number, number, number] => [
    sources.indexOf(source),
    position?.line ?? 0,
    position?.column ?? 0,
  ];
  return problems.toSorted((one, other) => {
    const [a, b] = [keyOf(one), keyOf(other)];
    return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
  });
}

function formatProblem({ place: { source, position }, path, message }: Problem): string {
  // Editors and terminals turn the text file:line:column into a link.
  const where = position === null ? source : `${source}:${position.line}:${position.column}`;
  return `${where}  ${path.length === 0 ? "" : `${formatPath(path)} `}${message}`;
}

function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

type Issue = z.core.$ZodIssue;

/** Turns the issues that zod found into objections. For a mistyped key, suggests a key of the schema. */
export function describeIssues(issues: readonly Issue[], schema: z.ZodType): readonly Objection[] {
  return issues.flatMap((issue): readonly Objection[] => {
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(schema, issue.path);
      return issue.keys.map((key) => {
        const nearest = similarWord(key, known);
        return {
          path: [...issue.path, key],
          message: `is not a known key${suggestion(key, known)}`,
          ...(nearest === null ? {} : { meant: [...issue.path, nearest] }),
        };
      });
    }
    if (issue.code === "invalid_union") {
      const branch = likeliestBranch(issue.errors);
      const nested = branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue);
      if (nested.some((inner) => inner.path.length > issue.path.length)) return describeIssues(nested, schema);
      const expected = issue.errors.flatMap((errors) => errors.map(describeIssue));
      return [{ path: issue.path, message: joinAlternatives([...new Set(expected)]) }];
    }
    if (issue.code === "invalid_key") {
      return issue.issues.map((inner) => ({ path: issue.path, message: describeIssue(inner) }));
    }
    return [{ path: issue.path, message: describeIssue(issue) }];
  });
}

/** Joins what several branches expected; what was found is the same for all of them and is said once. */
function joinAlternatives(messages: readonly string[]): string {
  const found = new Set(messages.map((message) => /, found [^,]+$/.exec(message)?.[0] ?? ""));
  const [ending = ""] = found;
  if (found.size !== 1 || ending === "") return messages.join(", or ");
  const expected = messages.map((message) => message.slice("expected ".length, -ending.length));
  return `expected ${expected.join(" or ")}${ending}`;
}

/** Returns `: did you mean "X"?` if a known word is similar, and the known words if they are few or none is similar. */
export function suggestion(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const similar = similarWord(word, known);
  return similar === null ? `; known are: ${known.join(", ")}` : `: did you mean "${similar}"?`;
}

function similarWord(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const nearest = closest(word, [...known]);
  const most = Math.max(2, Math.floor(word.length / 3));
  return distance(word.toLowerCase(), nearest.toLowerCase()) <= most ? nearest : null;
}

/**
 * Chooses the branch of a union whose errors have the longest paths, because the person most likely meant that branch.
 */
function likeliestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number =>
    Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)));
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best), branches[0] ?? []);
}

/** Lists the keys that a schema has at a path. Looks inside optionals, unions, records and arrays. */
function knownKeys(schema: z.ZodType, [head, ...rest]: Path): readonly string[] {
  const parts = partsOf(schema);
  if (head === undefined) {
    const keys = parts.flatMap((part) => (part instanceof z.ZodObject ? Object.keys(part.shape) : []));
    return [...new Set(keys)];
  }
  return parts.flatMap((part) => {
    const child = childOf(part, head);
    return child === undefined ? [] : knownKeys(child as z.ZodType, rest);
  });
}

function childOf(part: z.ZodType, key: PropertyKey): unknown {
  if (part instanceof z.ZodObject) return part.shape[String(key)];
  if (part instanceof z.ZodRecord) return part.valueType;
  return part instanceof z.ZodArray && typeof key === "number" ? part.element : undefined;
}

/** Lists the schemas inside a schema, looking through optionals, defaults and unions. */
function partsOf(schema: z.ZodType): readonly z.ZodType[] {
  const wrapped = [z.ZodOptional, z.ZodNullable, z.ZodDefault, z.ZodPrefault].find((kind) => schema instanceof kind);
  if (wrapped !== undefined) return partsOf((schema as z.ZodOptional).unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => partsOf(option as z.ZodType));
  return [schema];
}
