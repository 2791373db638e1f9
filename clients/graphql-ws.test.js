// The graphql-ws client alone: operations of all kinds on one socket, errors with codes, restarts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { endToken } from './signed_token.js';
import { eventually } from './eventually.js';
import { startServer } from './server.js';
import { Session } from './session.js';
import { connectSocket } from './socket.js';
import { latestSeq, moveTicket, populate } from './world.js';

const key = 'the key of users that only this test has';
const subscription = `subscription ($after: String) { ticketChanged(after: $after) { seq ticket { id status } } }`;

async function startWorld(t) {
  const server = await startServer(t, { USER_SECRET_KEY: key });
  return { server, ...(await populate(server, { customers: 1, interactions: 1, tickets: 1 })) };
}

test('queries, mutations and subscriptions share a socket', async (t) => {
  const { server, tokens, ticketIds: [id] } = await startWorld(t);
  const client = connectSocket(server.url, new Session(server.url, tokens));
  let sockets = 0;
  client.on('connected', () => sockets++);
  const after = await latestSeq(server, tokens.accessToken);
  const changes = client.iterate({ query: subscription, variables: { after } });
  const change = changes.next();
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
  assert.deepEqual((await change).value.data.ticketChanged.ticket, { id, status: 'IN_PROGRESS' });
  await changes.return();
  assert.equal(sockets, 1);
  await client.dispose();
});

test('a refused operation has an error', async (t) => {
  const { server, tokens } = await startWorld(t);
  const client = connectSocket(server.url, new Session(server.url, tokens));
  for (const [query, code] of [
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { ticketChanged(after: "-1") { seq } }', 'BAD_USER_INPUT'],
  ]) {
    await assert.rejects(client.iterate({ query }).next(), ([error]) => error.extensions.code === code);
  }
  await client.dispose();
});

test('a socket with an expired token is closed, and opened with a new one', async (t) => {
  const { server, tokens } = await startWorld(t);
  const session = new Session(server.url, { ...tokens, accessToken: endToken(tokens.accessToken, key, -60) });
  const client = connectSocket(server.url, session);
  const codes = [];
  client.on('closed', ({ code }) => codes.push(code));
  const { value } = await client.iterate({ query: '{ viewer { ... on User { id } } }' }).next();
  assert.equal(value.data.viewer.id, tokens.id);
  assert.deepEqual(codes, [4403]);
  await client.dispose();
});

test('a subscription resumes after the server stops', async (t) => {
  const { server, tokens, ticketIds: [id] } = await startWorld(t);
  const client = connectSocket(server.url, new Session(server.url, tokens), { retryWait: async () => {} });
  // The client sends this same object again when it reconnects by itself.
  const variables = { after: await latestSeq(server, tokens.accessToken) };
  const seen = [];
  const watch = () => client.subscribe({ query: subscription, variables }, {
    next: ({ data }) => {
      variables.after = data.ticketChanged.seq;
      seen.push(data.ticketChanged.ticket.status);
    },
    error: (errors) => {
      assert.equal(errors[0]?.extensions.code, 'UNAVAILABLE');
      watch();
    },
    complete: () => {},
  });
  watch();
  await moveTicket(server, tokens.accessToken, id, 'IN_PROGRESS');
  await eventually(() => seen.length === 1);
  await server.stop();
  await server.start();
  await moveTicket(server, tokens.accessToken, id, 'RESOLVED');
  await eventually(() => seen.length === 2);
  assert.deepEqual(seen, ['IN_PROGRESS', 'RESOLVED']);
  await client.dispose();
});
