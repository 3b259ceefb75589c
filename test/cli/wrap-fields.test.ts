import * as fc from "fast-check";
import { expect, test } from "vitest";
import { wrapFields } from "../../src/cli/render/help-text.ts";

test("fields keep to the width of the terminal, their texts stand below each other, and no word is lost or broken", () => {
  const word = fc.stringMatching(/^[a-z]{1,9}$/);
  const line = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => `labels    ${words.join(" ")}`);
  void fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 24, max: 200 }), (lines, columns) => {
      const shown = wrapFields(lines, columns);
      for (const part of shown.split("\n")) expect(part.length).toBeLessThanOrEqual(columns);
      expect(shown.split(/\s+/)).toEqual(lines.join("\n").split(/\s+/));
      for (const part of shown === "" ? [] : shown.split("\n")) expect(part).toMatch(/^(labels| {6}) {4}\S/);
      expect(wrapFields(lines, null)).toBe(lines.join("\n"));
    }),
  );
});
