import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLines } from "../../src/dataset/sources/lines.ts";

test("numbers the bytes of a file by line, however it is cut into chunks", () => {
  const piece = fc.constantFrom("a", "é", "🙂", "\n", "\r\n", "\n\n");
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 5 })), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(""));
      const lines = createLines();
      let added = 0;
      let asked = 0;
      for (const cut of [...cuts, bytes.length]) {
        expect(lines.add(bytes.subarray(added, added + cut))).toEqual([]);
        added = Math.min(added + cut, bytes.length);
        // The parser asks later than it is given, and not about every byte.
        for (; asked < added - 3; asked += 2) expect(lines.lineAt(asked)).toBe(countLines(bytes, asked));
      }
      expect(lines.end()).toEqual([]);
    }),
  );
});

function countLines(bytes: Buffer, offset: number): number {
  return bytes.subarray(0, offset).filter((byte) => byte === 10).length + 1;
}

test("names the lines that are not UTF-8, however they are cut into chunks", () => {
  const good = fc.constantFrom("plain", "é", "日本 🙂", "");
  const bad = fc.constantFrom([0xff], [0xc3], [0xed, 0xa0, 0x80], [0xe9, 0x20]);
  const line = fc.oneof(
    good.map((text) => ({ bytes: [...Buffer.from(text)], isBad: false })),
    bad.map((bytes) => ({ bytes, isBad: true })),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.integer({ min: 1, max: 20 }), (parts, chunk) => {
      const bytes = Buffer.from(parts.flatMap((part, index) => (index === 0 ? part.bytes : [10, ...part.bytes])));
      const lines = createLines();
      const found: number[] = [];
      for (let at = 0; at < bytes.length; at += chunk) found.push(...lines.add(bytes.subarray(at, at + chunk)));
      found.push(...lines.end());
      expect(found).toEqual(parts.flatMap((part, index) => (part.isBad ? [index + 1] : [])));
    }),
  );
});
