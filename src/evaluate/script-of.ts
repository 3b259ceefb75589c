/** The Unicode scripts that have a slice of their own. Kana stands for Japanese, which mixes Kana and Han. */
const SCRIPTS = {
  Latin: /\p{Script=Latin}/u,
  Han: /\p{Script=Han}/u,
  Kana: /\p{Script=Hiragana}|\p{Script=Katakana}/u,
  Hangul: /\p{Script=Hangul}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Arabic: /\p{Script=Arabic}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Thai: /\p{Script=Thai}/u,
} as const;

type Script = keyof typeof SCRIPTS | "other" | "no letters";

/** Only the first 1,000 characters of a text are examined, because they are enough to find its script. */
const MOST_CHARACTERS = 1000;
/** A text counts as Japanese when more than this share of its Kana and Han characters is Kana. */
const KANA_SHARE = 0.1;

/** Finds the script to which most letters of the texts belong. */
export function scriptOf(texts: readonly string[]): Script {
  const counts = new Map<Script, number>();
  for (const text of texts) {
    for (const character of text.slice(0, MOST_CHARACTERS)) {
      const script = scriptOfCharacter(character);
      if (script !== null) counts.set(script, (counts.get(script) ?? 0) + 1);
    }
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  if (most === undefined) return "no letters";
  const [script, count] = most;
  const kana = counts.get("Kana") ?? 0;
  return script === "Han" && kana > KANA_SHARE * (kana + count) ? "Kana" : script;
}

function scriptOfCharacter(character: string): Script | null {
  if (character <= "\u007f") return /[A-Za-z]/.test(character) ? "Latin" : null;
  if (!/\p{L}/u.test(character)) return null;
  const found = Object.entries(SCRIPTS).find(([, pattern]) => pattern.test(character));
  return (found?.[0] as Script | undefined) ?? "other";
}
