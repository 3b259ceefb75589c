import fc from "fast-check";

/** Texts that try to leave the place where they stand: pieces of HTML, Markdown and scripts, control characters, any UTF-16. */
export const PIECES = [
  ..."<>&\"'`=/\\|*_[]()#!~$@-+ \n\t\r\0",
  "<script>alert(1)</script>",
  "</script>",
  "</style>",
  "</title>",
  "<!--",
  "-->",
  "]]>",
  "<![CDATA[",
  '" onload="alert(1)',
  "' onerror='x",
  "<svg/onload=alert(1)>",
  "javascript:alert(1)",
  "&lt;",
  "&#60;",
  "&amp;lt;",
  "```",
  "![x](https://example.org/x.png)",
  "| --- |",
  "\u202E",
  "\u2066",
  "\u200B",
  "\uFEFF",
  "\uD83D",
  "\uDE00",
  "\u{E0041}",
  "\uFFFF",
  "\u001B[31m",
  "\u0085",
  "\u2028",
  "اللغة",
  "x",
] as const;

/** Any text, hostile ones most of the time. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)) },
);
