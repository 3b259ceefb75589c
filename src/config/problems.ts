import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";

/** One thing that is wrong in what a person wrote. */
export interface Problem {
  /** File, line and column ("job.yaml:3:1"), or the flag or variable it came from. */
  readonly where: string;
  /** Dotted key, "" for the whole file. */
  readonly key: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Flattens what zod found into paths and sentences; mistyped keys get a suggestion from `knownKeys`. */
export function describeIssues(
  issues: readonly Issue[],
  knownKeys: (path: readonly PropertyKey[]) => readonly string[],
): readonly { path: readonly PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: `is not a known key${suggestion(key, knownKeys(issue.path))}`,
      }));
    }
    if (issue.code === "invalid_union") {
      const branch = likeliestBranch(issue.errors);
      const nested = branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue);
      if (nested.some((inner) => inner.path.length > issue.path.length)) return describeIssues(nested, knownKeys);
      const expected = issue.errors.flatMap((errors) => errors.map((error) => lower(error.message)));
      return [{ path: issue.path, message: [...new Set(expected)].join(", or ") }];
    }
    if (issue.code === "invalid_key") {
      return issue.issues.map((inner) => ({ path: issue.path, message: lower(inner.message) }));
    }
    return [{ path: issue.path, message: lower(issue.message) }];
  });
}

/** Formats a dotted key: engine.args[0]. */
export function formatKey(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

/** Says " (did you mean X?)" when a known word is near enough, else lists the known words. */
export function suggestion(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(word, [...known]);
  const near = distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.floor(word.length / 3));
  return near ? `: did you mean "${nearest}"?` : `; known are: ${known.join(", ")}`;
}

/** The branch whose errors lie deepest is the one the person meant. */
function likeliestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number =>
    Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)));
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best), branches[0] ?? []);
}

function lower(message: string): string {
  return message.replace(/^Invalid input: /, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
