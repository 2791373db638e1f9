// Apollo Client's links see the codes of errors, and get a new access token when one is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { CombinedGraphQLErrors, gql } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { endToken } from '../signed_token.js';
import { startServer } from '../server.js';
import { Session } from '../session.js';
import { signUpAdmin } from '../world.js';
import { createApolloClient } from './client.js';

const key = 'the key of users that only this test has';

test('an error link sees the codes of errors', async (t) => {
  const server = await startServer(t, { USER_SECRET_KEY: key });
  const tokens = await signUpAdmin(server);
  const seen = [];
  const spy = new ErrorLink(({ error }) => {
    seen.push(...error.errors.map(({ extensions: { code, fields } }) => ({ code, fields: fields?.map(({ path }) => path) })));
  });
  const clientOf = (session) => createApolloClient({ url: server.url, session, links: [spy] }).client;
  const client = clientOf(new Session(server.url, tokens));
  const createCustomer = gql`mutation Create($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }`;
  const good = { name: 'Rahul', email: 'rahul@client.example' };
  await client.mutate({ mutation: createCustomer, variables: { input: good } });
  const loggedOut = clientOf(new Session(server.url, { ...tokens, accessToken: 'not a token', refreshToken: 'none either' }));
  const create = (input) => client.mutate({ mutation: createCustomer, variables: { input } });
  const deleteNothing = gql`mutation { deleteTicket(input: { id: "tkt_000000000000000000000000" }) { deletedId } }`;
  for (const [name, code, fields, operate] of [
    ['wrong input', 'BAD_USER_INPUT', ['input.name', 'input.email'], () => create({ name: '', email: 'x' })],
    ['an address that is taken', 'CONFLICT', ['input.email'], () => create(good)],
    ['nothing there', 'NOT_FOUND', undefined, () => client.mutate({ mutation: deleteNothing })],
    ['no such field', 'GRAPHQL_VALIDATION_FAILED', undefined, () => client.query({ query: gql`query { viewer { nothing } }` })],
    ['a bad token', 'UNAUTHENTICATED', undefined, () => loggedOut.query({ query: gql`query { latestSeq }` })],
  ]) {
    await t.test(name, async () => {
      seen.length = 0;
      await assert.rejects(operate(), (error) => code === 'UNAUTHENTICATED' || CombinedGraphQLErrors.is(error));
      assert.equal(seen[0]?.code, code);
      assert.deepEqual(seen[0].fields, fields);
    });
  }
});

test('an expired access token is exchanged once, and every operation is sent again', async (t) => {
  const server = await startServer(t, { USER_SECRET_KEY: key });
  const tokens = await signUpAdmin(server);
  // As if this machine's clock were wrong: the client assumes that the token is valid.
  const session = new Session(server.url, { ...tokens, accessToken: endToken(tokens.accessToken, key, -60) });
  const { client, statuses } = recordStatuses(server, session);
  const query = (name) => client.query({ query: gql`query ${name} { viewer { ... on User { id email } } }` });
  const answers = await Promise.all(['One', 'Two', 'Three'].map(query));
  for (const { data } of answers) {
    assert.equal(data.viewer.id, tokens.id);
  }
  assert.deepEqual(statuses.sort(), [200, 200, 200, 401, 401, 401]);
});

test('an access token that is about to expire is exchanged before it is sent', async (t) => {
  const server = await startServer(t, { USER_SECRET_KEY: key });
  const tokens = await signUpAdmin(server);
  const session = new Session(server.url, {
    ...tokens, accessToken: endToken(tokens.accessToken, key, -60), accessTokenExpiresAt: new Date().toISOString(),
  });
  const { client, statuses } = recordStatuses(server, session);
  await client.query({ query: gql`query { latestSeq }` });
  assert.deepEqual(statuses, [200]);
});

// recordStatuses returns a client, and the statuses of its responses.
function recordStatuses(server, session) {
  const statuses = [];
  const { client } = createApolloClient({
    url: server.url,
    session,
    fetch: async (...request) => {
      const response = await fetch(...request);
      statuses.push(response.status);
      return response;
    },
  });
  return { client, statuses };
}
