import type { Connect } from './events.ts';
import { type Look, ownParagraph } from './look.ts';
import { plainLine } from './plain-text.ts';

/** Says what to connect and where, and how to go on. Leads to the issuer and nowhere else, whatever the shop sends. */
export function invitation({ name, why, link, ended }: Connect, { issuer, look }: { issuer: string; look: Look }): string {
  const what = plainLine(name, 60);
  if (new URL(link).origin !== new URL(issuer).origin)
    return look.alarm(ownParagraph(`The shop sent an address that is not at ${issuer}. It is not shown.`, look));
  const head = ended
    ? `Your ${what} no longer lets the shop in. Disconnect it on your account page, then connect it anew:`
    : `Connect your ${what}, so that the assistant can ${plainLine(why, 80)}:`;
  const next = 'When you have done it, press Enter here and I ask again.';
  return `${look.strong(ownParagraph(head, look))}\n    ${look.link(new URL(link).href)}\n${look.quiet(ownParagraph(next, look))}`;
}
