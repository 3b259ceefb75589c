import { cellText } from "./cell.ts";
import type { DataCell } from "./sources/source.ts";
import { idFlag, isLikelyId, isMeasure } from "./suggest-columns.ts";

/** A longer text is no id. */
const LONGEST_ID = 100;
/** Only this many rows are looked at, which bounds the memory. */
const LOOKED_AT = 100_000;
/** With fewer rows, values differ by chance. */
const FEWEST = 2;

/**
 * Looks in a file without ids for a column that may have them: short texts or whole numbers that are all different. `used` has the
 * indexes of the columns with texts and labels. Gives a sentence for a person.
 */
export function createIdHint(
  names: readonly string[],
  used: readonly number[],
): { readonly add: (cells: readonly DataCell[]) => void; readonly finish: () => string } {
  let rows = 0;
  let candidates = names.flatMap((name, index) =>
    used.includes(index) || isMeasure(name) ? [] : [{ name, index, values: new Set<string>() }],
  );
  return {
    add: (cells) => {
      if (rows === LOOKED_AT || candidates.length === 0) return;
      rows += 1;
      candidates = candidates.filter(({ index, values }) => {
        const text = cellText(cells[index]).slice(0, LONGEST_ID + 1);
        if (!ID.test(text) || text.length > LONGEST_ID) return false;
        values.add(text);
        return values.size === rows;
      });
    },
    finish: () => {
      const found = candidates.find(({ name }) => isLikelyId(name)) ?? candidates[0];
      const without = "no column with ids: the id of a row is its number, counted from 0";
      if (found === undefined || rows < FEWEST) return without;
      const { name } = found;
      return `${without}; the values of ${JSON.stringify(name)} are all different: if they are ids, add ${idFlag(name)}`;
    },
  };
}

/** One word with a letter or a digit in it; a number with a fraction is rather a measure or a time. */
const ID = /^(?!-?\d+\.\d*$)(?=.*[\p{L}\p{N}])\S+$/u;
