// Apollo Client's subscriptions go on where they were when the server comes back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gql } from '@apollo/client';
import '../websocket.js';
import { eventually } from '../eventually.js';
import { startServer } from '../server.js';
import { Session } from '../session.js';
import { latestSeq, moveTicket, populate } from '../world.js';
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
    const { client, socket } = createApolloClient({
      url: server.url,
      session: new Session(server.url, tokens),
      socketOptions: { retryWait: () => back },
      resume: { wait: () => back },
    });
    const got = [];
    const subscription = client
      .subscribe({ query: changes, variables: { after: await latestSeq(server, tokens.accessToken) } })
      .subscribe({ next: ({ data, error }) => got.push(error ?? data.ticketChanged) });
    t.after(async () => {
      subscription.unsubscribe();
      await socket.dispose();
    });

    await move('IN_PROGRESS');
    await eventually(() => got.length === 1);
    await end(server);
    await server.start();
    await move('RESOLVED');
    mayConnect();
    await eventually(() => got.length >= 2);
    await move('CLOSED');
    await eventually(() => got.length >= 3);

    assert.deepEqual(got.map(({ kind, ticketId }) => [kind, ticketId]), Array(3).fill(['MOVED', ticket]));
    const order = got.map(({ seq }) => BigInt(seq));
    assert.ok(order[0] < order[1] && order[1] < order[2], `the changes came as ${order}`);
    assert.equal(client.readFragment({ id: `Ticket:${ticket}`, fragment: gql`fragment T on Ticket { id status }` }).status, 'CLOSED');
  });
}
