// The graphql-ws client by itself: operations of all kinds on one socket, errors with codes, restarts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { endToken } from './signed_token.js';
import { startServer } from './server.js';
import { Session } from './session.js';
import { connectSocket } from './socket.js';
import { latestSeq, moveTicket, populate } from './world.js';

const key = 'the key of users, which only this test has';
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

test('an operation that is refused says why', async (t) => {
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

test('a socket with a token that has expired is closed, and opened with another one', async (t) => {
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

test('a subscription is told that the server stops, and goes on after it', async (t) => {
  const { server, tokens, ticketIds: [id] } = await startWorld(t);
  const client = connectSocket(server.url, new Session(server.url, tokens));
  let after = await latestSeq(server, tokens.accessToken);
  const seen = [];
  const first = client.iterate({ query: subscription, variables: { after } });
  await moveTicket(server, tokens.accessToken, id, 'IN_PROGRESS');
  const { value } = await first.next();
  seen.push(value.data.ticketChanged.ticket.status);
  after = value.data.ticketChanged.seq;
  const ended = assert.rejects(first.next(), ([error]) => error.extensions.code === 'UNAVAILABLE');
  await server.stop();
  await ended;
  await server.start();
  await moveTicket(server, tokens.accessToken, id, 'RESOLVED');
  const second = client.iterate({ query: subscription, variables: { after } });
  seen.push((await second.next()).value.data.ticketChanged.ticket.status);
  await second.return();
  assert.deepEqual(seen, ['IN_PROGRESS', 'RESOLVED']);
  await client.dispose();
});
