import { inspect } from 'node:util';

/** Holds a secret so that printing, logging or serializing it shows `[secret]`. Only `reveal` gives it back. */
export class Secret {
  readonly #value: string;
  /** Whether it is a demo value, which production refuses. */
  readonly isDemo: boolean;

  constructor(value: string, { isDemo = false }: { readonly isDemo?: boolean } = {}) {
    this.#value = value;
    this.isDemo = isDemo;
  }

  /** The value itself. Call it where the secret is used, never earlier. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
