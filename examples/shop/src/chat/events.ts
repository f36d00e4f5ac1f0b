/** Rows that a tool shows: cells are already text for people. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
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
    }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'done' };

/** One turn of a conversation, as the model gets it. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}
