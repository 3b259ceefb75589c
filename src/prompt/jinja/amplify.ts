import type { Value } from "./library.ts";
import { isList, isText } from "./values.ts";

/** Arguments of a filter or method: by position and by name. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** The filters and methods whose result can be far larger than everything that goes in. */
export const AMPLIFIERS: ReadonlySet<string> = new Set(["replace", "split", "join", "indent", "tojson"]);

/**
 * Returns an upper bound of the weight of the result of an amplifying filter or method, so that it can be refused before it is
 * made; 0 when the operation fails anyway. `weigh` gives the weight of a value.
 */
export function boundResult(
  name: string,
  operand: Value,
  { positional, named }: Arguments,
  weigh: (value: Value) => number,
): number {
  switch (name) {
    case "replace":
      return boundReplace(operand, positional);
    case "split":
      return boundSplit(operand, positional[0]);
    case "join":
      return boundJoin(operand, positional[0] ?? named.get("separator"), weigh);
    case "indent":
      return boundIndent(operand, positional[0] ?? named.get("width"));
    case "tojson":
      return boundJson(operand, named, weigh);
    default:
      return 0;
  }
}

function boundReplace(operand: Value, [from, to]: readonly Value[]): number {
  if (!isText(operand) || !isText(from) || !isText(to)) return 0;
  const text = operand.value;
  const most = from.value === "" ? text.length + 1 : Math.floor(text.length / from.value.length);
  const growth = Math.max(0, to.value.length - from.value.length);
  // Counting takes time, so it is done only where the text could grow much.
  if (most * growth < 1_000_000) return text.length + most * growth;
  return text.length + (from.value === "" ? most : countOccurrences(text, from.value)) * growth;
}

// Each part becomes a value of its own; 64 characters stand for the memory of it.
const PART = 64;

function boundSplit(operand: Value, separator: Value | undefined): number {
  if (!isText(operand)) return 0;
  const text = operand.value;
  if (text.length < 100_000) return text.length;
  const found = isText(separator) ? countOccurrences(text, separator.value) : countWords(text);
  return text.length + PART * found;
}

function boundJoin(operand: Value, separator: Value | undefined, weigh: (value: Value) => number): number {
  const between = isText(separator) ? separator.value.length : 0;
  const count = isText(operand) ? operand.value.length : isList(operand) ? operand.value.length : 0;
  return weigh(operand) + count * between;
}

function boundIndent(operand: Value, width: Value | undefined): number {
  if (!isText(operand)) return 0;
  const spaces = typeof width?.value === "number" ? Math.max(0, width.value) : 4;
  return spaces + operand.value.length + spaces * (countOccurrences(operand.value, "\n") + 1);
}

function boundJson(operand: Value, named: ReadonlyMap<string, Value>, weigh: (value: Value) => number): number {
  const indent = named.get("indent")?.value;
  const separators = named.get("separators");
  const each =
    (typeof indent === "number" ? Math.max(0, indent) * (depthOf(operand) + 2) : 0) +
    (separators === undefined ? 0 : weigh(separators));
  return weigh(operand) + (each === 0 ? 0 : each * (countDeep(operand) + 2));
}

function countOccurrences(text: string, part: string): number {
  if (part === "") return text.length;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

function countWords(text: string): number {
  let count = 0;
  for (const _word of text.matchAll(/\S+/gu)) count++;
  return count;
}

function depthOf(value: Value): number {
  return 1 + childrenOf(value).reduce((deepest, child) => Math.max(deepest, depthOf(child)), 0);
}

function countDeep(value: Value): number {
  return childrenOf(value).reduce((sum, child) => sum + countDeep(child), 1);
}

function childrenOf(value: Value): readonly Value[] {
  if (isList(value)) return value.value;
  return value.value instanceof Map ? [...(value.value as ReadonlyMap<string, Value>).values()] : [];
}
