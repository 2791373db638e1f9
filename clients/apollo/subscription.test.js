// Apollo Client's subscriptions resume when the server is back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gql } from '@apollo/client';
import { eventually } from '../eventually.js';
import { startServer } from '../server.js';
import { Session } from '../session.js';
import { endToken } from '../signed_token.js';
import { latestSeq, moveTicket, populate, send } from '../world.js';
import { createApolloClient } from './client.js';

const changes = gql`
  subscription Changes($after: String) {
    ticketChanged(after: $after) { seq kind ticketId ticket { id status } }
  }
`;

for (const [name, end] of [
  ['that is restarted', (server) => server.stop()],
  ['that is killed', (server) => server.kill()],
]) {
  test(`a subscription survives a server ${name}`, async (t) => {
    const server = await startServer(t);
    const { tokens, ticketIds: [ticket] } = await populate(server, { customers: 1, interactions: 1, tickets: 1 });
    const move = (status) => moveTicket(server, tokens.accessToken, ticket, status);
    let mayConnect;
    const back = new Promise((resolve) => (mayConnect = resolve));
    const { client } = createApolloClient({
      url: server.url,
      session: new Session(server.url, tokens),
      socketOptions: { retryWait: () => back },
      resume: { wait: () => back },
    });
    const got = [];
    const subscription = client
      .subscribe({ query: changes, variables: { after: await latestSeq(server, tokens.accessToken) } })
      .subscribe({ next: ({ data, error }) => got.push(error ?? data.ticketChanged) });

    await move('IN_PROGRESS');
    await eventually(() => got.length === 1);
    await end(server);
    await server.start();
    await move('RESOLVED');
    mayConnect();
    await eventually(() => got.length >= 2);
    await move('CLOSED');
    await eventually(() => got.length >= 3);
    subscription.unsubscribe();

    assert.deepEqual(got.map(({ kind, ticketId }) => [kind, ticketId]), Array(3).fill(['MOVED', ticket]));
    const order = got.map(({ seq }) => BigInt(seq));
    assert.ok(order[0] < order[1] && order[1] < order[2], `the order of the changes is ${order}`);
    assert.equal(client.readFragment({ id: `Ticket:${ticket}`, fragment: gql`fragment T on Ticket { id status }` }).status, 'CLOSED');
  });
}

test('a subscription continues when its access token expires, and ends with the session', async (t) => {
  const key = 'the key of users that only this test has';
  const server = await startServer(t, { USER_SECRET_KEY: key });
  const { tokens, ticketIds: [ticket] } = await populate(server, { customers: 1, interactions: 1, tickets: 1 });
  const session = new Session(server.url, { ...tokens, accessToken: endToken(tokens.accessToken, key, 2) });
  const now = () => Promise.resolve();
  const { client, socket } = createApolloClient({
    url: server.url, session, socketOptions: { retryWait: now }, resume: { wait: now },
  });
  const codes = [];
  socket.on('closed', ({ code }) => codes.push(code));
  const got = [];
  client
    .subscribe({ query: changes, variables: { after: await latestSeq(server, tokens.accessToken) } })
    .subscribe(({ data, error }) => got.push(error ?? data.ticketChanged.ticket.status));

  await moveTicket(server, tokens.accessToken, ticket, 'IN_PROGRESS');
  await eventually(() => got.length === 1);
  await eventually(() => codes.includes(4403));
  await moveTicket(server, tokens.accessToken, ticket, 'RESOLVED');
  await eventually(() => got.length === 2);
  assert.deepEqual(got, ['IN_PROGRESS', 'RESOLVED']);

  await send(server, { query: 'mutation { logOutEverywhere { endedSessions } }', token: await session.accessToken() });
  await eventually(() => got.length === 3);
  assert.match(String(got[2]), /log in again/);
});
