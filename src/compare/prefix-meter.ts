/** How much of what a contestant was asked began like something it had just been asked, in tokens. */
export interface Shared {
  readonly prepared: number;
  readonly shared: number;
}

/** Prompts back that a server surely still has. */
const BACK = 8;

/** Counts which part of each contestant's prompts a server with a prefix cache need not compute, were it alone there. */
export function createPrefixMeter(contestants: number): {
  readonly add: (of: number, ids: readonly number[]) => void;
  readonly shared: () => readonly Shared[];
} {
  const recent: (readonly number[])[][] = Array.from({ length: contestants }, () => []);
  const counts = recent.map(() => ({ prepared: 0, shared: 0 }));
  return {
    add: (of, ids) => {
      const [before, count] = [recent[of], counts[of]];
      if (before === undefined || count === undefined) throw new Error(`there is no contestant ${of}`);
      count.prepared += ids.length;
      count.shared += Math.max(0, ...before.map((other) => commonLength(ids, other)));
      before.push(ids);
      if (before.length > BACK) before.shift();
    },
    shared: () => counts,
  };
}

function commonLength(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
