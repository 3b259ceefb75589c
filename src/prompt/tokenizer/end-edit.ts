/** How the ids at the end of a text change when more text follows. */
export interface EndEdit {
  /** The last ids of every text that the edit fits, the dropped ones included. */
  readonly tail: readonly number[];
  /** Number of ids to drop from the end. */
  readonly drop: number;
  /** The ids to append then. */
  readonly append: readonly number[];
}

/**
 * Number of ids before the changed ones that must agree, so that encoding the end of a text alone shows how the end of
 * the whole text changes. Merges and patterns of real tokenizers do not look so far back, and the closing text depends on
 * at most 12 characters of ASCII.
 */
const MARGIN = 12;

/**
 * Computes the edit from the ids of a prompt (`ids`), the ids of its end encoded alone (`before`), and the ids of that end
 * with more text behind it (`after`). Null when `before` does not end as `ids` does over the changed ids and the margin;
 * the beginnings may differ, because some tokenizers put a space before every text. When `before` are all ids of the
 * prompt, no margin is needed.
 */
export function findEndEdit(
  ids: readonly number[],
  before: readonly number[],
  after: readonly number[],
): EndEdit | null {
  const kept = sharedLength(before, after);
  const drop = before.length - kept;
  const needed = Math.min(ids.length, drop + MARGIN);
  const tail = ids.slice(ids.length - needed);
  if (!endsWith(before, tail)) return null;
  if (needed < drop + MARGIN && before.length !== ids.length) return null;
  return { tail, drop, append: after.slice(kept) };
}

/** Applies an edit. Throws Error when the ids do not end in the tail of the edit. */
export function applyEndEdit(ids: readonly number[], { tail, drop, append }: EndEdit): readonly number[] {
  if (!endsWith(ids, tail)) throw new Error("an edit of the end of a prompt does not fit the prompt");
  return [...ids.slice(0, ids.length - drop), ...append];
}

function endsWith(ids: readonly number[], end: readonly number[]): boolean {
  const start = ids.length - end.length;
  return start >= 0 && end.every((id, i) => ids[start + i] === id);
}

/** Number of first ids in which two lists agree. */
export function sharedLength(one: readonly number[], other: readonly number[]): number {
  const end = one.findIndex((id, i) => id !== other[i]);
  return end < 0 ? one.length : end;
}
