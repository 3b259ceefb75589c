import { lineAt } from "./syntax-problem.ts";

/**
 * Finds the line of a Jinja text, counted from 1, that an error of the library comes from; null when it cannot be found.
 * The library's errors hold no position. The text of raise_exception stands in the source, and so does the name of an
 * unknown filter or test, and a range() as a rule. For a call of something undefined, it is the first called name that
 * the text does not define.
 */
export function lineOfFailure(source: string, message: string): number | null {
  const name = /(?:filter|test): (\w+)$/u.exec(message)?.[1] ?? /^(range)\(/u.exec(message)?.[1];
  const undefinedCall = /not a function/u.test(message) ? firstUndefinedCall(source) : -1;
  const found = [
    message === "" ? -1 : source.indexOf(message),
    name === undefined ? -1 : source.search(new RegExp(`\\b${name}\\b`, "u")),
    undefinedCall,
  ];
  const at = found.find((position) => position >= 0);
  return at === undefined ? null : lineAt(source, at);
}

function firstUndefinedCall(source: string): number {
  const defined = new Set(["raise_exception", "strftime_now", "range", "namespace", "dict", "loop", "caller"]);
  for (const [, name = ""] of source.matchAll(/\bmacro\s+(\w+)/gu)) defined.add(name);
  const call = [...source.matchAll(/(?<![.|\w]\s*)\b([A-Za-z_]\w*)\(/gu)].find(([, name = ""]) => !defined.has(name));
  return call?.index ?? -1;
}
