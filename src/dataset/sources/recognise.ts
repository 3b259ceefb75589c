import { isRecord } from "../../files/json-shape.ts";

/** The kinds of files with rows, as their first bytes show them. */
export type FileKind =
  | { readonly kind: "csv"; readonly delimiter: "," | "\t" | ";" }
  | { readonly kind: "json-lines" | "json" | "parquet" | "gzip" }
  | { readonly kind: "refused"; readonly found: string; readonly remedy: string };

/** Number of bytes at the beginning of a file that `recogniseFile` needs. */
export const HEAD_BYTES = 65_536;

/**
 * Recognises the kind of a file by its first bytes, because a name may be wrong and standard input has none. `head` is
 * the whole file when the file is shorter than HEAD_BYTES. Every text that is not JSON is taken as CSV.
 */
export function recogniseFile(head: Buffer): FileKind {
  const binary = BINARY.find(({ magic }) => head.subarray(0, magic.length).equals(magic));
  if (binary !== undefined) return binary.is;
  if (isUtf16(head)) {
    return { kind: "refused", found: "UTF-16 text", remedy: "Convert it: iconv -f utf-16 -t utf-8 OLD > NEW." };
  }
  const text = withoutByteOrderMark(head.toString("utf8"));
  const page = PAGES.find(({ begins }) => begins.test(text));
  if (page !== undefined) return page.is;
  if (/^\s*\{/.test(text)) return { kind: isLinesOfObjects(text) ? "json-lines" : "json" };
  if (/^\s*\[\s*(\{|\]|$)/.test(text)) return { kind: "json" };
  return { kind: "csv", delimiter: delimiterOf(text) };
}

const refused = (found: string, remedy: string): FileKind => ({ kind: "refused", found, remedy });
const TO_CSV = "Convert it with pandas: read it, then df.to_csv('rows.csv', index=False).";

const BINARY: readonly { readonly magic: Buffer; readonly is: FileKind }[] = [
  { magic: Buffer.from([0x1f, 0x8b]), is: { kind: "gzip" } },
  { magic: Buffer.from("PAR1"), is: { kind: "parquet" } },
  {
    magic: Buffer.from("PK\u0003\u0004"),
    is: refused("a ZIP archive or an Excel file", "Unzip it, or save the sheet as CSV in UTF-8."),
  },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), is: refused("compressed with zstd", "Unpack it: zstd -d FILE.") },
  { magic: Buffer.from("BZh"), is: refused("compressed with bzip2", "Unpack it: bunzip2 FILE.") },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), is: refused("compressed with xz", "Unpack it: unxz FILE.") },
  { magic: Buffer.from("ARROW1"), is: refused("an Arrow or Feather file", TO_CSV) },
  { magic: Buffer.from("Obj\u0001"), is: refused("an Avro file", TO_CSV) },
  { magic: Buffer.from("SQLite format 3"), is: refused("a SQLite database", TO_CSV) },
  { magic: Buffer.from([0x80, 0x04, 0x95]), is: refused("a Python pickle", TO_CSV) },
];

const PAGES: readonly { readonly begins: RegExp; readonly is: FileKind }[] = [
  {
    begins: /^version https:\/\/git-lfs/,
    is: refused("a pointer of Git LFS, not the file itself", "Get the file: git lfs pull."),
  },
  {
    begins: /^\s*<(!doctype|html|\?xml)/i,
    is: refused("a web page or XML", "Download the file itself, not the page that shows it."),
  },
];

/** UTF-16 begins with a byte order mark, or every second byte of Latin text is 0. */
function isUtf16(head: Buffer): boolean {
  const mark = head.subarray(0, 2).toString("latin1");
  if (mark === "\u00ff\u00fe" || mark === "\u00fe\u00ff") return true;
  const start = head.subarray(0, 64);
  const zeros = start.filter((byte) => byte === 0).length;
  return start.length >= 8 && zeros >= start.length / 2 - 1 && zeros <= start.length / 2 + 1;
}

/** Removes the mark with which some programs begin a text in UTF-8. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** JSON Lines has a whole object in its first line; a JSON document has it over several lines, or is one object. */
function isLinesOfObjects(text: string): boolean {
  const [first = "", second = ""] = text.trimStart().split("\n", 2);
  return isObject(first)
    ? second.trim() === "" || second.trimStart().startsWith("{")
    : text.length >= HEAD_BYTES && !first.endsWith("}");
}

function isObject(line: string): boolean {
  try {
    return isRecord(JSON.parse(line));
  } catch {
    return false;
  }
}

/** The delimiter that the header has most of, outside quotes; a comma when it has none. */
function delimiterOf(text: string): "," | "\t" | ";" {
  const header = (text.trimStart().split("\n", 1)[0] ?? "").replaceAll(/"(?:[^"]|"")*"/g, "");
  const times = (delimiter: string): number => header.split(delimiter).length - 1;
  const [commas, tabs, semicolons] = [times(","), times("\t"), times(";")];
  if (tabs > commas && tabs >= semicolons) return "\t";
  return semicolons > commas ? ";" : ",";
}
