/**
 * What a Jinja template may use, so that none can hold the program or fill its memory. All are counts, not times: the same
 * template with the same row always passes or always fails. Templates of people use less than a hundredth of each.
 */
export const LIMITS = {
  /** Characters of a template's text. */
  source: 1_000_000,
  /** Sum of the squares of the lengths of all runs of white space, because the library's lexer needs that many steps. */
  blanks: 100_000_000,
  /** Steps of one rendering, and `workPerCharacter` more for each character of its variables; a step takes about 0.3 µs. */
  work: 4_000_000,
  workPerCharacter: 4,
  /** Characters of the output and of each value on the way; an element of a list counts as `ELEMENT` characters. */
  characters: 20_000_000,
  /** Elements of a `range()`. */
  range: 100_000,
  /** Expressions, blocks and calls of macros inside one another. */
  depth: 400,
  /** Lists and records inside one another. */
  valueDepth: 100,
} as const;

/** Number of characters that an element of a list or record is worth, because it takes memory of its own. */
export const ELEMENT = 16;

/** The error of a template that exceeds a limit. Its message names the limit and the remedy. */
export class LimitExceeded extends Error {}
