// graphql-codegen's client preset: its output passes tsc --strict, and works.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { promisify } from 'node:util';
import { startServer } from '../server.js';
import { populate } from '../world.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

// run runs a program of an npm package; the error contains its output.
async function run(program, ...options) {
  const path = fileURLToPath(new URL(`../node_modules/.bin/${program}`, import.meta.url));
  try {
    await promisify(execFile)(path, options, { cwd: folder });
  } catch ({ stdout, stderr }) {
    throw new Error(`${program}: ${stdout}${stderr}`);
  }
}

test('documents become types that pass tsc, and operations that run', async (t) => {
  await rm(`${folder}__generated__`, { recursive: true, force: true });
  await run('graphql-codegen', '--config', 'codegen.json');
  await run('tsc', '--project', 'tsconfig.json');
  const { assignTicket, listOpenTickets } = await import('./__generated__/build/console.js');

  const server = await startServer(t);
  const { tokens, ticketIds: [first] } = await populate(server, { customers: 1, interactions: 1, tickets: 2 });
  assert.equal(await assignTicket(server.url, tokens.accessToken, first, tokens.id), 'Ticket 0: OPEN, Ada Admin');
  assert.deepEqual(await listOpenTickets(server.url, tokens.accessToken), ['Ticket 0: OPEN, Ada Admin']);
});
