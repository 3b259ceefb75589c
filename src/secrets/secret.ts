/** The text that stands wherever a secret would stand. */
export const HIDDEN_SECRET = "[secret]";

/**
 * A text that must not be shown: a key, a password, the value of an environment variable. Printing, serialising,
 * logging and inspecting a secret all give "[secret]"; only `reveal` gives the text.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the text. Call this only for a request, an environment, a program's arguments or a comparison. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN_SECRET;
  }

  toJSON(): string {
    return HIDDEN_SECRET;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN_SECRET;
  }
}
