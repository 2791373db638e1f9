// urql with graphcache, which knows the schema, its auth exchange, and graphql-ws for subscriptions.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { getIntrospectionQuery } from 'graphql';
import { eventually } from './eventually.js';
import { endToken } from './signed_token.js';
import { startServer } from './server.js';
import { Session } from './session.js';
import { connectSocket } from './socket.js';
import { latestSeq, moveTicket, populate, send } from './world.js';

const key = 'the key of users that only this test has';

// startWorld returns a client of a server, and the warnings of the cache.
async function startWorld(t, sizes) {
  const server = await startServer(t, { USER_SECRET_KEY: key });
  const world = await populate(server, sizes);
  // The first request is refused because its token has expired.
  const session = new Session(server.url, { ...world.tokens, accessToken: endToken(world.tokens.accessToken, key, -60) });
  const complaints = [];
  const cache = cacheExchange({
    schema: await send(server, { query: getIntrospectionQuery() }),
    keys: { TicketChange: ({ seq }) => seq },
    resolvers: { Query: { customers: relayPagination() }, Customer: { interactions: relayPagination() } },
    logger: (severity, message) => severity !== 'debug' && complaints.push(message),
  });
  const socket = connectSocket(server.url, session);
  const client = new Client({
    url: server.url,
    exchanges: [cache, authenticate(session), fetchExchange, subscriptionExchange({
      forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }) }),
    })],
  });
  return { server, client, complaints, ...world };
}

function authenticate(session) {
  return authExchange(async ({ appendHeaders }) => {
    let token = await session.accessToken();
    return {
      addAuthToOperation: (operation) => appendHeaders(operation, { Authorization: `Bearer ${token}` }),
      didAuthError: ({ graphQLErrors }) => graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED'),
      refreshAuth: async () => (token = await session.refresh(token)),
    };
  });
}

test('graphcache normalises a nested query, and joins the pages of lists', async (t) => {
  const { client, complaints, customerIds, interactionIds } = await startWorld(t, { customers: 5, interactions: 3, tickets: 1 });
  const query = gql`
    query Customers($after: String, $afterInteraction: String) {
      customers(first: 2, after: $after, orderBy: [{ field: NAME }]) {
        edges {
          cursor
          node {
            id
            interactions(first: 2, after: $afterInteraction) {
              edges { node { id user { id name } tickets { nodes { id status } } } }
              pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            }
          }
        }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  `;
  let data;
  for (let after = null, requests = 0; data?.customers.pageInfo.hasNextPage ?? true; after = data.customers.pageInfo.endCursor) {
    ({ data } = await client.query(query, { after }));
    assert.ok(++requests <= 3);
  }
  assert.deepEqual(data.customers.edges.map(({ node }) => node.id), customerIds);
  const [{ node }] = data.customers.edges;
  const { data: more } = await client.query(query, { afterInteraction: node.interactions.pageInfo.endCursor });
  assert.deepEqual(
    more.customers.edges[0].node.interactions.edges.map((edge) => edge.node.id).sort(), interactionIds.slice(0, 3).sort(),
  );
  assert.deepEqual(complaints, []);
});

test('mutations and subscriptions update the results of queries', async (t) => {
  const { server, client, complaints, tokens, ticketIds: [id] } = await startWorld(t, { customers: 1, interactions: 1, tickets: 1 });
  const states = [];
  const shown = client.query(gql`query Ticket($id: ID!) { ticket(id: $id) { id status } }`, { id })
    .subscribe(({ data }) => states.push(data?.ticket.status));
  await eventually(() => states.at(-1) === 'OPEN');
  const { data } = await client.mutation(
    gql`mutation Move($input: MoveTicketInput!) { moveTicket(input: $input) { ticket { id status } } }`,
    { input: { id, status: 'IN_PROGRESS' } },
  );
  assert.equal(data.moveTicket.ticket.status, 'IN_PROGRESS');
  await eventually(() => states.at(-1) === 'IN_PROGRESS');
  const changes = client.subscription(
    gql`subscription Changes($after: String!) { ticketChanged(after: $after) { seq ticket { id status } } }`,
    { after: await latestSeq(server, tokens.accessToken) },
  ).subscribe(() => {});
  await moveTicket(server, tokens.accessToken, id, 'RESOLVED');
  await eventually(() => states.at(-1) === 'RESOLVED');
  changes.unsubscribe();
  shown.unsubscribe();
  assert.deepEqual(complaints, []);
});

test('errors have their codes', async (t) => {
  const { client } = await startWorld(t, { customers: 0 });
  const { error } = await client.mutation(
    gql`mutation Create($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }`,
    { input: { name: '', email: 'rahul@client.example' } },
  );
  const [{ extensions }] = error.graphQLErrors;
  assert.equal(extensions.code, 'BAD_USER_INPUT');
  assert.deepEqual(extensions.fields.map(({ path }) => path), ['input.name']);
});
