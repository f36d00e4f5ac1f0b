/** Rows that a tool shows: cells are already text for people. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** An account elsewhere that the person connects before a tool can go on. It is for the person: no model reads it. */
export interface Connect {
  /** As people read it, such as `Almanac calendar`. */
  readonly name: string;
  /** What the assistant could then do, such as `add events to it`. */
  readonly why: string;
  /** Page of the issuer where the person decides. It holds no secret. */
  readonly link: string;
  /** It was connected, and the other side ended that: `link` leads to the account page. */
  readonly ended?: boolean;
}

/** What one answer is made of, in order. The HTTP API sends each as a line of JSON. */
export type ChatEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool-start'; readonly id: string; readonly tool: string; readonly arguments: unknown }
  | {
      readonly type: 'tool-result';
      readonly id: string;
      readonly tool: string;
      /** Name of the person whose identity the tool used. */
      readonly ranAs: string;
      readonly rows: number;
      readonly ms: number;
      readonly table?: Table;
      /** A sentence in place of rows. */
      readonly text?: string;
      /** What decided which rows these are. */
      readonly note?: string;
      /** What the person has to connect first. */
      readonly connect?: Connect;
    }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'done' };

/** One turn of a conversation, as the model gets it. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}
