import { constants } from "node:fs";

/** What the flags of an open ask for. */
export interface OpenMode {
  readonly writes: boolean;
  readonly creates: boolean;
  readonly truncates: boolean;
  readonly exclusive: boolean;
}

/** Reads the flags of an open; throws an Error for flags that no part of the job uses. */
export function modeOf(flags: string | number): OpenMode {
  if (typeof flags === "number") {
    const has = (flag: number): boolean => (flags & flag) === flag;
    return {
      writes: has(constants.O_RDWR) || has(constants.O_WRONLY),
      creates: has(constants.O_CREAT),
      truncates: has(constants.O_TRUNC),
      exclusive: has(constants.O_EXCL),
    };
  }
  switch (flags) {
    case "r":
      return { writes: false, creates: false, truncates: false, exclusive: false };
    case "w":
      return { writes: true, creates: true, truncates: true, exclusive: false };
    case "wx":
      return { writes: true, creates: true, truncates: false, exclusive: true };
    case "a":
      return { writes: true, creates: true, truncates: false, exclusive: false };
    default:
      throw new Error(`the simulated disk does not know the flags ${flags}`);
  }
}
