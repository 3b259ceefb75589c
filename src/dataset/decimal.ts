/** Reads a decimal number, with or without exponent; NaN for anything else, so also for an empty cell, "NaN", "0x10" and "1,5". */
export function readDecimal(text: string): number {
  return DECIMAL.test(text.trim()) ? Number(text) : Number.NaN;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
