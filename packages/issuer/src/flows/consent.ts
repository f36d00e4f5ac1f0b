/** Asking a person what an application may do as them. */
import { consentPage, type Lifetime } from '../pages/consent.ts';
import type { AskedScope } from '../pages/words.ts';
import { traitsOf } from '../provider/applications.ts';
import { atomically, unit } from '../provider/unit.ts';
import type { Statement } from '../store/database.ts';
import type { Interaction } from './begun.ts';
import { answerPage, circumstances, type Desk, type FlowContext, Refusal } from './desk.ts';
import { appName, assertOurForm, type Opened, openInteraction, pagePolicy, personOf, readForm } from './interaction.ts';
import { type Asked, askedBy } from './scopes.ts';

/** The name of the organization with this id. */
export const RUN_BY: Statement = { name: 'organization name', text: 'select name from issuer.organization where id = $1' };

/** Shows who asks, for what and for how long. */
export async function showConsent(desk: Desk, c: FlowContext, { interaction, client, redirectUri, path, csrf }: Opened): Promise<Response> {
  const person = await personOf(interaction.session?.accountId);
  if (!person) throw new Refusal(400, { code: 'session_not_found', client: client.clientId });
  const asked = await askedBy(desk.store, client, interaction.params);
  const [organization] = await desk.store.run<{ name: string }>(RUN_BY, [traitsOf(client).organization]);
  const page = consentPage(desk.frame, {
    action: `${path}/consent`,
    switchAccount: `${path}?account=another`,
    csrf,
    person,
    app: appName(client),
    clientId: client.clientId,
    runBy: organization?.name,
    checked: traitsOf(client).firstParty,
    redirectUri,
    scopes: [...asked.scopes, ...claimsIn(interaction)],
    lifetime: lifetimeOf(desk, asked),
  });
  return answerPage(desk, c, page, pagePolicy(desk, { redirectUri }));
}

/** Takes the decision, and sends the browser on with it. */
export async function takeConsent(desk: Desk, c: FlowContext): Promise<Response> {
  const form = await readForm(c);
  const decision = form.get('decision');
  const returnTo = await atomically(desk.store, async () => {
    const opened = await openInteraction(desk, c);
    assertOurForm(desk, c, opened, form);
    const accountId = opened.interaction.session?.accountId;
    if (opened.interaction.prompt.name !== 'consent' || accountId === undefined) throw new Refusal(400, { code: 'session_not_found' });
    const allowed = decision === 'allow';
    recordDecision(desk, c, opened, allowed);
    return allowed ? allow(desk, c, opened, accountId) : deny(desk, c);
  });
  c.header('cache-control', 'no-store');
  return c.redirect(returnTo, 303);
}

function deny({ provider }: Desk, c: FlowContext): Promise<string> {
  const result = { error: 'access_denied', error_description: 'the person did not allow it' };
  return provider.interactionResult(c.env.incoming, c.env.outgoing, result, { mergeWithLastSubmission: false });
}

async function allow({ provider }: Desk, c: FlowContext, { interaction, client }: Opened, accountId: string): Promise<string> {
  const earlier = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined;
  const grant = earlier ?? new provider.Grant({ accountId, clientId: client.clientId });
  const { missingOIDCScope, missingResourceScopes } = missing(interaction);
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  grant.addOIDCClaims(claimsIn(interaction).map(({ name }) => name));
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) grant.addResourceScope(resource, scopes.join(' '));
  const consent = { grantId: await grant.save() };
  return provider.interactionResult(c.env.incoming, c.env.outgoing, { consent }, { mergeWithLastSubmission: true });
}

interface Missing {
  readonly missingOIDCScope?: readonly string[];
  readonly missingOIDCClaims?: readonly string[];
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
}

/** What the engine's consent checks found missing; the keys are theirs. */
const missing = ({ prompt }: Interaction): Missing => prompt.details as Missing;

const claimsIn = (interaction: Interaction): AskedScope[] =>
  (missing(interaction).missingOIDCClaims ?? []).map((name) => ({ name, description: `See your ${name.replaceAll('_', ' ')}` }));

function lifetimeOf({ lifetimes }: Desk, { scopes, apis }: Asked): Lifetime {
  const token = Math.max(lifetimes.idToken, ...apis.map(({ tokenLifetime }) => tokenLifetime));
  const stays = scopes.some(({ name }) => name === 'offline_access');
  return stays ? { token, idle: lifetimes.refreshIdle, total: lifetimes.refreshAbsolute } : { token };
}

function recordDecision(desk: Desk, c: FlowContext, { interaction, client }: Opened, allowed: boolean): void {
  unit().record({
    type: allowed ? 'consent.given' : 'consent.denied',
    outcome: allowed ? 'ok' : 'refused',
    actor: interaction.session?.accountId,
    client: client.clientId,
    ...circumstances(desk, c),
    details: { scopes: String(interaction.params.scope ?? '').split(' ') },
  });
}
