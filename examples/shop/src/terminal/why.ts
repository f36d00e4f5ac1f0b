import type { ToolRun } from './conversation.ts';
import { factLines, type Look, paragraph, toolLine } from './look.ts';
import { plainText } from './plain-text.ts';

const spelled = (value: unknown): string => plainText(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', ' ');

/** Arguments and proof of the tools behind the last answer. */
export function explain(runs: readonly ToolRun[], look: Look): string {
  if (runs.length === 0) return `${look.quiet('  No tool ran for the last answer.')}\n`;
  return runs.map((run) => explainRun(run, look)).join('\n');
}

function explainRun({ result, arguments: given }: ToolRun, look: Look): string {
  const facts = Object.entries(given).map(([name, value]) => [spelled(name), spelled(value)] as const);
  const asked = facts.length > 0 ? factLines(facts, look) : [look.quiet('    It was asked without arguments.')];
  const note = result.note ? [paragraph(result.note, look, '    ')] : [];
  return [toolLine(result, look), ...asked, ...note, ''].join('\n');
}
