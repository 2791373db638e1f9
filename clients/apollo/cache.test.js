// Apollo Client's cache: nested results are normalised, pages are joined, and mutations update records by id.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gql } from '@apollo/client';
import { eventually } from '../eventually.js';
import { startServer } from '../server.js';
import { Session } from '../session.js';
import { populate } from '../world.js';
import { createApolloClient } from './client.js';

async function startWorld(t, sizes) {
  const server = await startServer(t);
  const world = await populate(server, sizes);
  const { client } = createApolloClient({ url: server.url, session: new Session(server.url, world.tokens) });
  return { ...world, client };
}

test('a nested query is normalised, and a second read needs no request', async (t) => {
  const { client, customerIds, interactionIds, ticketIds } = await startWorld(t);
  const query = gql`
    query Nested {
      customers(first: 10) {
        edges {
          cursor
          node {
            id
            name
            interactions(first: 10) {
              nodes { id title user { id name } tickets(first: 10) { nodes { id status customer { id name } } } }
            }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  `;
  const { data } = await client.query({ query });
  assert.equal(data.customers.edges.length, customerIds.length);
  const cached = client.cache.extract();
  for (const [type, ids] of Object.entries({ Customer: customerIds, Interaction: interactionIds, Ticket: ticketIds })) {
    assert.deepEqual(Object.keys(cached).filter((key) => key.startsWith(`${type}:`)).sort(), ids.map((id) => `${type}:${id}`).sort());
  }
  const again = await client.query({ query, fetchPolicy: 'cache-only' });
  assert.deepEqual(again.data, data);
});

test('fetchMore pages forward and back without duplicates', async (t) => {
  const { client, customerIds } = await startWorld(t, { customers: 10, interactions: 0 });
  const document = (name, page) => gql`
    query ${name}($cursor: String) {
      customers(${page}, orderBy: [{ field: NAME }]) {
        edges { cursor node { id name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `;
  const forward = document('Forward', 'first: 3, after: $cursor');
  const backward = document('Backward', 'last: 3, before: $cursor');
  const collect = async (query, cursorOf, hasMore) => {
    const list = client.watchQuery({ query });
    const shown = [];
    const subscription = list.subscribe(({ data }) => shown.push(data?.customers.edges.length ?? 0));
    let { customers } = (await client.query({ query })).data;
    let requests = 1;
    for (; hasMore(customers.pageInfo) && requests <= customerIds.length; requests++) {
      await list.fetchMore({ variables: { cursor: cursorOf(customers.pageInfo) } });
      ({ customers } = client.readQuery({ query }));
    }
    await eventually(() => shown.at(-1) === customerIds.length);
    subscription.unsubscribe();
    assert.equal(requests, 4);
    assert.equal(customers.totalCount, customerIds.length);
    return customers.edges.map(({ node }) => node.id);
  };
  assert.deepEqual(await collect(forward, (page) => page.endCursor, (page) => page.hasNextPage), customerIds);
  await client.clearStore();
  assert.deepEqual(await collect(backward, (page) => page.startCursor, (page) => page.hasPreviousPage), customerIds);
});

test('a mutation updates the results of other queries by id', async (t) => {
  const { client, ticketIds: [id] } = await startWorld(t, { customers: 1, interactions: 1, tickets: 1 });
  const shown = client.watchQuery({ query: gql`query Tickets { tickets(first: 5) { edges { node { id status version } } } }` });
  const states = [];
  const updated = new Promise((resolve) => {
    const subscription = shown.subscribe(({ data }) => {
      if (data) {
        states.push(data.tickets.edges[0].node.status);
      }
      if (states.at(-1) === 'IN_PROGRESS') {
        resolve();
      } else if (states.length === 1) {
        void client.mutate({
          mutation: gql`mutation Move($input: MoveTicketInput!) { moveTicket(input: $input) { ticket { id status version } } }`,
          variables: { input: { id, status: 'IN_PROGRESS' } },
        });
      }
    });
    t.after(() => subscription.unsubscribe());
  });
  await updated;
  assert.deepEqual(states, ['OPEN', 'IN_PROGRESS']);
});
