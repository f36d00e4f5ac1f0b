/** The commands over the admin API: one for each entry of its table. */
import type { Command } from 'commander';
import { ZodObject } from 'zod';
import type { AdminRoute } from '../admin/routes/route.ts';
import { routes } from '../admin/routes/table.ts';
import { type ActingFlags, acting, withActingFlags } from './acting.ts';
import { fieldsOf, type RouteFields } from './fields.ts';
import { addFlag, numberFlag } from './flags.ts';
import { runRoute } from './run-route.ts';
import type { Terminal } from './terminal.ts';

const groups: Readonly<Record<string, string>> = {
  organizations: 'companies and teams that people belong to',
  people: 'who can sign in',
  'service-users': 'programs that act for themselves',
  projects: 'what holds roles, APIs and applications together',
  roles: 'the roles of a project',
  grants: 'who has which role',
  applications: 'what people sign in to',
  apis: 'what access tokens are for',
  secrets: 'client secrets of applications, APIs and service users',
  'client-keys': 'public keys of applications, APIs and service users',
  connections: 'third parties: whom people sign in through, whose API applications use as them',
  'connections applications': 'which applications may use a connection',
  'connected-accounts': 'the accounts that people have connected',
  vault: 'where the tokens of connected accounts are',
  tokens: 'personal access tokens',
  mine: 'your own personal access tokens',
  events: 'the audit log, read over the network',
};

/** Adds a command for every route. A command of the same name that is there already stays: it works on this machine. */
export function addTableCommands(program: Command, terminal: Terminal): void {
  for (const route of routes) {
    // `whoami` tells more.
    if (route.id !== 'me') addRoute(program, route, terminal);
  }
}

function addRoute(program: Command, route: AdminRoute, terminal: Terminal): void {
  const [name = '', ...parents] = route.command.toReversed();
  const parent = parents.reverse().reduce(groupOf, program);
  if (parent.commands.some((command) => command.name() === name)) return;
  const leaf = parent.command(name).summary(lowered(route.summary)).description(described(route));
  for (const [param, schema] of Object.entries(route.params.shape)) leaf.argument(`<${words(param)}>`, schema.meta()?.description);
  const fields = fieldsOfRoute(route);
  for (const field of [...fields.body, ...fields.query]) addFlag(leaf, field);
  if (fields.paged) addPaging(leaf);
  withActingFlags(leaf);
  leaf.action(() => acting(terminal, leaf.opts<ActingFlags>(), () => runRoute({ route, fields, leaf, terminal })));
}

function groupOf(parent: Command, name: string): Command {
  return (
    parent.commands.find((command) => command.name() === name) ??
    parent.command(name).description(groups[`${parent.name()} ${name}`] ?? groups[name] ?? name)
  );
}

function fieldsOfRoute({ query, body }: AdminRoute): RouteFields {
  const paged = 'cursor' in query.shape;
  const asked = fieldsOf(query).filter(({ name }) => !(paged && (name === 'limit' || name === 'cursor')));
  return { query: asked, body: body instanceof ZodObject ? fieldsOf(body) : [], paged };
}

function addPaging(leaf: Command): void {
  leaf.option('--limit <number>', 'how many at most', numberFlag, 50);
  leaf.option('--all', 'all of them', false);
  leaf.option('--cursor <text>', 'go on where the answer before ended: its `next`');
}

const described = ({ summary, description }: AdminRoute): string =>
  [`${summary}.`, description?.replaceAll('`', '')].filter(Boolean).join(' ');
const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
