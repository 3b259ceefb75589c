const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const DURATION = /^(?:\d+(?:\.\d+)?\s*(?:ms|[smhd])\s*)+$/;
const PART = /(\d+(?:\.\d+)?)\s*(ms|[smhd])/g;

/** Reads "9h", "8h55m", "90 s" or "500ms" as milliseconds; null when the text is not a duration. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (!DURATION.test(trimmed)) return null;
  let ms = 0;
  for (const [, amount, unit] of trimmed.matchAll(PART)) {
    ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return ms;
}

/** Writes milliseconds as a person says them: "3h39m", "4m05s", "12 s"; at most two units, rounded to the smaller one. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  const sign = ms < 0 && seconds > 0 ? "-" : "";
  if (seconds < 60) return `${sign}${seconds} s`;
  if (seconds < 3_600) return `${sign}${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${sign}${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
