import { expect, it } from "vitest";
import { describeDifference } from "../../src/judge/compare-tokenizers.ts";

it("finds no difference between equal tokens", () => {
  expect(describeDifference([], [])).toBeNull();
  expect(describeDifference([97, 228, 128512], [97, 228, 128512])).toBeNull();
});

it("describes the first difference with its position", () => {
  expect(describeDifference([97, 66, 66], [97, 7, 7])).toBe("token 2 is 66 here and 7 on the server (3 and 3 tokens)");
});

it("notices a token more at the end, as from a start-of-text token on one side", () => {
  expect(describeDifference([97, 98], [97, 98, 1])).toBe(
    "token 3 is missing here and 1 on the server (2 and 3 tokens)",
  );
});
