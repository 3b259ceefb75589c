/** What the line about a run in progress is made of. */
export interface ScoreProgress {
  /** Prompts answered, of all that are planned; earlier sessions included. */
  readonly done: number;
  readonly total: number;
  /** This session's. */
  readonly prompts: number;
  readonly tokens: number;
  readonly ms: number;
}

/** Formats the line: prompts done, speed, and the time left at this speed. */
export function progressLine({ done, total, prompts, tokens, ms }: ScoreProgress): string {
  const share = `${count(done)}/${count(total)} rows`;
  if (prompts === 0 || ms <= 0) return share;
  const perSecond = (1000 * prompts) / ms;
  const left = (total - done) / perSecond;
  const speed = perSecond >= 1 ? `${perSecond.toFixed(1)} rows/s` : `${(1 / perSecond).toFixed(2)} s/row`;
  return `${share} · ${speed} · ${count(Math.round((1000 * tokens) / ms))} tokens/s · ${formatSeconds(left)} left`;
}

/** Formats a length of time: 42 s, 3m05s, 2h07m. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
