import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/** Parses "9h", "1h30m", "500ms" into milliseconds; null when the text is not a duration. */
export function parseDuration(text: string): number | null {
  const compact = text.replaceAll(" ", "");
  if (!PATTERN.test(compact)) return null;
  let total = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return total;
}

/** The schema of a duration in a config: a text such as "9h" or "1h30m", read as milliseconds. */
export const duration: z.ZodType<number, string> = z
  .string()
  .regex(/^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$/, 'expected a duration such as "30s", "10m", "1h30m"')
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'A duration such as "30s", "10m", "1h30m".' });
