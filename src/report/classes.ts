import { CLASSES, type ClassName, type Triple } from "../types.ts";

/** How the three classes are called in text. */
export const CLASS_TEXT: Readonly<Record<ClassName, string>> = { a: "A", b: "B", tie: "tie" };

/** Finds the class with the largest weight; null for no triple and when the largest two are equal. */
export function argmax(triple: Triple | null): ClassName | null {
  if (triple === null) return null;
  const most = Math.max(...triple);
  const first = triple.indexOf(most);
  return triple.lastIndexOf(most) === first ? (CLASSES[first] ?? null) : null;
}
