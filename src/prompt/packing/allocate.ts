/** The numbers of tokens of a turn's three texts, or the largest numbers allowed. */
export interface TurnTokens {
  readonly prompt: number;
  readonly a: number;
  readonly b: number;
}

/** The numbers of tokens that a template adds to the texts. */
export interface Overhead {
  /** Number of tokens of a prompt with one turn that has empty texts. */
  readonly base: number;
  /** Number of tokens that each further turn adds, in addition to its texts. */
  readonly perTurn: number;
  /** Number of tokens of the line that reports how many turns were left out. */
  readonly marker: number;
}

/**
 * The turns that stay in the prompt: the last `kept` ones. The earliest of them is shortened to `caps`; with null it
 * stays whole.
 */
export interface Allocation {
  readonly kept: number;
  readonly caps: TurnTokens | null;
}

/** An earlier turn is left out if it would have to be shortened to fewer tokens than this. */
const LEAST_FOR_EARLIER_TURN = 80;

/**
 * Divides `room` tokens among the turns of a conversation, beginning with the last turn. A turn stays whole if it fits.
 * The first turn that does not fit is shortened. If it would get fewer than 80 tokens, it is left out, and so are all
 * turns before it. The last turn always stays.
 *
 * `latestFirst` may lack early turns if the turns in it already exceed the room; `total` counts all turns.
 */
export function allocate(
  latestFirst: readonly TurnTokens[],
  total: number,
  room: number,
  { perTurn, marker }: Overhead,
): Allocation {
  let left = room;
  for (const [i, turn] of latestFirst.entries()) {
    // Unless this turn is the earliest one, turns before it may be left out, and the line that reports this needs
    // `marker` tokens.
    const reserve = i === total - 1 ? 0 : marker;
    const available = left - reserve - (i === 0 ? 0 : perTurn);
    const wanted = turn.prompt + turn.a + turn.b;
    if (wanted <= available) {
      left -= wanted + (i === 0 ? 0 : perTurn);
    } else if (i > 0 && available < LEAST_FOR_EARLIER_TURN) {
      return { kept: i, caps: null };
    } else {
      return { kept: i + 1, caps: shareOut(turn, Math.max(0, available)) };
    }
  }
  return { kept: latestFirst.length, caps: null };
}

/**
 * Divides `room` tokens between the prompt and the two answers, 20 : 40 : 40. Tokens that a text does not need are
 * given to the others in the same proportion. So if both answers are cut, both have the same cap.
 */
export function shareOut(wanted: TurnTokens, room: number): TurnTokens {
  let left = room;
  let open: readonly (keyof TurnTokens)[] = ["prompt", "a", "b"];
  const caps = { prompt: 0, a: 0, b: 0 };
  for (;;) {
    const perWeight = left / open.reduce((sum, key) => sum + WEIGHTS[key], 0);
    const content = open.filter((key) => wanted[key] <= perWeight * WEIGHTS[key]);
    if (content.length === 0) {
      for (const key of open) caps[key] = Math.floor(perWeight * WEIGHTS[key]);
      return caps;
    }
    for (const key of content) {
      caps[key] = wanted[key];
      left -= wanted[key];
    }
    open = open.filter((key) => !content.includes(key));
    if (open.length === 0) return caps;
  }
}

const WEIGHTS: TurnTokens = { prompt: 1, a: 2, b: 2 };
