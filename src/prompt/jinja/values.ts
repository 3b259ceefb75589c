import type { Value } from "./library.ts";
import { ELEMENT, LIMITS, LimitExceeded } from "./limits.ts";

/** Decides whether a value is a text. */
export function isText(value: Value | undefined): value is { readonly type: string; readonly value: string } {
  return value !== undefined && value.type === "StringValue" && typeof value.value === "string";
}

/** Decides whether a value is a list or tuple. */
export function isList(value: Value | undefined): value is { readonly type: string; readonly value: readonly Value[] } {
  return value !== undefined && Array.isArray(value.value);
}

/** Decides whether a value consists of other values: a list, a record or a namespace. */
export function isComposite(value: Value): boolean {
  return typeof value.value === "object" && value.value !== null;
}

/** Returns the number of elements of a list or record; 0 for any other value. */
export function countElements(value: Value): number {
  if (isList(value)) return value.value.length;
  return value.value instanceof Map ? value.value.size : 0;
}

/**
 * Creates the function that weighs a value: the characters of a text, or the sum over all elements of a list or record, each
 * worth `ELEMENT` more. A list that is contained twice weighs twice, because it is written twice. `visit` is called with the
 * number of elements of each list or record that is gone through. Throws LimitExceeded when values are nested too deeply, as
 * a namespace that contains itself is.
 */
export function createScale(visit: (elements: number) => void): (value: Value) => number {
  // Lists and records never change after they were made, but a namespace does, so nothing that contains one is remembered.
  const known = new WeakMap<object, number>();
  let changeable = false;

  const weigh = (value: Value, depth: number): number => {
    const inner = value.value;
    if (typeof inner === "string") return inner.length;
    if (typeof inner !== "object" || inner === null) return 1;
    const remembered = known.get(value);
    if (remembered !== undefined) return remembered;
    if (depth > LIMITS.valueDepth) {
      throw new LimitExceeded(
        `it nests lists or records more than ${LIMITS.valueDepth} deep; a namespace must not contain itself.`,
      );
    }
    const outside = changeable;
    changeable = value.type === "NamespaceValue";
    let sum = 1;
    if (Array.isArray(inner)) {
      visit(inner.length);
      for (const item of inner as readonly Value[]) sum += ELEMENT + weigh(item, depth + 1);
    } else if (inner instanceof Map) {
      visit(inner.size);
      for (const [key, item] of inner as ReadonlyMap<string, Value>)
        sum += ELEMENT + key.length + weigh(item, depth + 1);
    }
    if (!changeable) known.set(value, sum);
    changeable ||= outside;
    return sum;
  };
  return (value) => {
    changeable = false;
    return weigh(value, 0);
  };
}
