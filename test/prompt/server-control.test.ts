import { expect, test } from "vitest";
import { createServerControl } from "../../src/prompt/tokenizer/server-control.ts";

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `<|name_${i}|>`);

test("a row gets the control tokens that another row has found, also while that row waits for further answers", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const [first = "", ...others] = names(17);
  const last = others.at(-1) ?? "";
  let askedForLast = (): void => {};
  const waits = new Promise<void>((resolve) => {
    askedForLast = resolve;
  });
  const control = createServerControl({
    encode: async (text) => {
      if (text === last) {
        askedForLast();
        await held;
      }
      return text === first ? [7] : [1, 2];
    },
    renderTurns: async () => null,
  });
  expect((await control([])).texts).not.toContain(first);
  const slow = control([[first, ...others].join(" ")]);
  await waits;
  expect((await control([first])).texts).toContain(first);
  release();
  expect((await slow).ids).toContain(7);
});

test("no text is tried after two rows at the same time have passed the largest number", async () => {
  let asked = 0;
  const control = createServerControl({
    encode: async () => {
      asked += 1;
      return [1, 2];
    },
    renderTurns: async () => null,
  });
  await control([]);
  await Promise.all(["a", "b"].map((row) => control([names(1_990).join(` ${row}`).replaceAll("name", row)])));
  const most = asked;
  await control([names(4_000).join(" ")]);
  expect(asked).toBe(most);
});
