import { expect, it } from "vitest";
import { compareTokenization } from "../../src/engine/compare-tokenization.ts";

const letters = async (text: string): Promise<number[]> => [...text].map((letter) => letter.codePointAt(0) ?? 0);

it("finds no difference between equal tokenizers", async () => {
  expect(await compareTokenization(letters, letters, ["", "abc", "ä😀"])).toBeNull();
});

it("describes the first difference with its place and a piece of the text", async () => {
  const other = async (text: string): Promise<number[]> => (await letters(text)).map((id) => (id === 66 ? 7 : id));
  const found = await compareTokenization(letters, other, ["aaa", "aB"]);
  expect(found).toMatchObject({ sample: 1, position: 1 });
  expect(found?.description).toBe(
    'Sample 2: token 2 is token 66 here and token 7 on the server (2 and 2 tokens): "aB"',
  );
});

it("notices a token more at the end, as from a start-of-text token on one side", async () => {
  const longer = async (text: string): Promise<number[]> => [...(await letters(text)), 1];
  const found = await compareTokenization(letters, longer, ["ab"]);
  expect(found?.description).toContain("token 3 is the end here and token 1 on the server (2 and 3 tokens)");
});
