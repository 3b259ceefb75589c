export interface RememberOptions<A extends readonly unknown[]> {
  /** Tells the questions apart; omitted: there is one question. */
  readonly key?: (...asked: A) => string;
  /** Largest number of answers that are kept; all of them are dropped when one more comes. Default: no limit. */
  readonly most?: number;
}

/** Makes a function that asks each question once, and again after a failure. Calls at the same time share one answer. */
export function remember<A extends readonly unknown[], T>(
  ask: (...asked: A) => Promise<T>,
  { key = () => "", most = Number.POSITIVE_INFINITY }: RememberOptions<A> = {},
): (...asked: A) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (...asked) => {
    const name = key(...asked);
    const known = answers.get(name);
    if (known !== undefined) return known;
    if (answers.size >= most) answers.clear();
    const answer = ask(...asked);
    answers.set(name, answer);
    answer.catch(() => answers.delete(name));
    return answer;
  };
}
