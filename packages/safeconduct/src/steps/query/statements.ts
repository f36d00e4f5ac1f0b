// The extended protocol carries exactly one statement, so that its first word tells what it is.
const TRIVIA = /^(?:\s+|--[^\n\r]*|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/)+/; // a nested comment is left standing, and so refused
const ROWS = /^(?:\(|(?:select|with|insert|update|delete|merge|values|table|explain|show|copy|fetch|move|close)\b)/i;
const CONTROLS = /^(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|lock)\b/i;
const MODES =
  /^set\s+(?:transaction|constraints|local\s+(?:statement_timeout|lock_timeout|work_mem|idle_in_transaction_session_timeout))\b/i;
const CURSOR = /^declare\b(?!.*\bhold\b)/is;
const EXPLAINS_EXECUTE = /^explain\b.*\bexecute\b/is; // of a statement that somebody else has prepared
const READS = /^(?:\(|(?:select|with|values|table)\b)/i;

const MAY_NOT = 'may not run as a person: it could change who asks, or stay on the connection';

/** Says why a statement may not run as a person: it could change the identity, or outlive it. Undefined: it may. */
export function refusal(text: string): string | undefined {
  const start = bare(text);
  if (EXPLAINS_EXECUTE.test(start)) return `EXECUTE ${MAY_NOT}`;
  if (start === '' || ROWS.test(start) || CONTROLS.test(start) || MODES.test(start) || CURSOR.test(start)) return undefined;
  return `${firstWord(start)} ${MAY_NOT}`;
}

/** The same for a statement that nobody trusts: it may read rows, and nothing else. */
export function untrustedRefusal(text: string): string | undefined {
  const start = bare(text);
  if (READS.test(start)) return undefined;
  return `${firstWord(start)} may not run here: only a single SELECT, WITH, VALUES or TABLE statement may`;
}

export const opensTransaction = (text: string): boolean => /^(?:begin|start\s+transaction)\b/i.test(bare(text));
export const setsMode = (text: string): boolean => /^set\s+transaction\b/i.test(bare(text));
export const changesRows = (text: string): boolean => /^(?:select|with|insert|update|delete|merge)\b/i.test(text);

function bare(text: string): string {
  return text.replace(TRIVIA, '');
}

function firstWord(start: string): string {
  return /^\w+/.exec(start)?.[0]?.toUpperCase() ?? 'this statement';
}
