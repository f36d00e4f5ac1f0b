/** Text without anything that a terminal obeys: control characters and bidirectional overrides become spaces. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ');
}
