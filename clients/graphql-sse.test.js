// The graphql-sse client in distinct connections mode.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createClient } from 'graphql-sse';
import { startServer } from './server.js';
import { latestSeq, moveTicket, populate } from './world.js';

const subscription = `subscription ($after: String) { ticketChanged(after: $after) { seq ticket { id status } } }`;

async function startWorld(t) {
  const server = await startServer(t);
  const world = await populate(server, { customers: 1, interactions: 1, tickets: 1 });
  const client = createClient({
    url: server.url,
    headers: { Authorization: `Bearer ${world.tokens.accessToken}` },
    retry: async () => {},
    retryAttempts: 1000,
  });
  return { server, client, ...world };
}

test('queries and mutations are event streams that complete', async (t) => {
  const { client, ticketIds: [id] } = await startWorld(t);
  const answers = [];
  for (const query of [
    '{ viewer { ... on User { role } } }',
    `mutation { moveTicket(input: { id: "${id}", status: IN_PROGRESS }) { ticket { status } } }`,
  ]) {
    for await (const { data } of client.iterate({ query })) {
      answers.push(data);
    }
  }
  assert.deepEqual(answers, [{ viewer: { role: 'ADMIN' } }, { moveTicket: { ticket: { status: 'IN_PROGRESS' } } }]);
});

test('a refused operation has an error', async (t) => {
  const { client } = await startWorld(t);
  for (const [query, code] of [
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { ticketChanged(after: "-1") { seq } }', 'BAD_USER_INPUT'],
  ]) {
    const { value } = await client.iterate({ query }).next();
    assert.equal(value.errors[0].extensions.code, code);
  }
});

for (const end of ['stop', 'kill']) {
  test(`a subscription resumes after its server's ${end}`, async (t) => {
    const { server, client, tokens, ticketIds: [id] } = await startWorld(t);
    // The client sends this same object again when it reconnects by itself.
    const variables = { after: await latestSeq(server, tokens.accessToken) };
    let changes = client.iterate({ query: subscription, variables });
    const next = async () => {
      const { value } = await changes.next();
      if (value.errors) {
        assert.equal(value.errors[0].extensions.code, 'UNAVAILABLE');
        changes = client.iterate({ query: subscription, variables });
        return next();
      }
      variables.after = value.data.ticketChanged.seq;
      return value.data.ticketChanged.ticket;
    };
    await moveTicket(server, tokens.accessToken, id, 'IN_PROGRESS');
    assert.deepEqual(await next(), { id, status: 'IN_PROGRESS' });
    const missed = next();
    await server[end]();
    await server.start();
    await moveTicket(server, tokens.accessToken, id, 'RESOLVED');
    assert.deepEqual(await missed, { id, status: 'RESOLVED' });
    await changes.return();
  });
}
