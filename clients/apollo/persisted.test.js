// Apollo Client's persisted queries: automatic ones, and those of a manifest, the only ones that the server then runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { promisify } from 'node:util';
import { CombinedGraphQLErrors, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';
import { startServer } from '../server.js';
import { Session } from '../session.js';
import { send, signUpAdmin } from '../world.js';
import { createApolloClient } from './client.js';

// recordRequests returns a client with the link, and its requests: method, text or hash, status.
function recordRequests(server, session, link) {
  const requests = [];
  const { client } = createApolloClient({
    url: server.url,
    session,
    links: [link],
    fetch: async (url, options) => {
      const response = await fetch(url, options);
      const hasText = /["?&]query["=]/.test(options.body ?? url);
      requests.push(`${options.method} ${hasText ? 'text' : 'hash'} ${response.status}`);
      return response;
    },
  });
  return { client, requests };
}

test('an automatic persisted query is sent as text once, then as a hash', async (t) => {
  const server = await startServer(t);
  const session = new Session(server.url, await signUpAdmin(server));
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const { client, requests } = recordRequests(server, session, new PersistedQueryLink({ sha256, useGETForHashedQueries: true }));
  const query = gql`query Customers($first: Int) { customers(first: $first) { totalCount } }`;
  for (const first of [1, 2, 3]) {
    const { data } = await client.query({ query, variables: { first }, fetchPolicy: 'network-only' });
    assert.equal(data.customers.totalCount, 0);
  }
  assert.deepEqual(requests, ['GET hash 200', 'POST text 200', 'GET hash 200', 'GET hash 200']);
});

test('a server with trusted documents runs only those of the manifest', async (t) => {
  const folder = fileURLToPath(new URL('trusted/', import.meta.url));
  await mkdir(`${folder}__generated__`, { recursive: true });
  const run = promisify(execFile);
  await run(fileURLToPath(new URL('../node_modules/.bin/generate-persisted-query-manifest', import.meta.url)), { cwd: folder });
  const path = `${folder}__generated__/manifest.json`;
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  const document = async (name) => gql(await readFile(`${folder}${name}.graphql`, 'utf8'));

  const server = await startServer(t, { TRUSTED_DOCUMENTS: path });
  const body = (name) => manifest.operations.find((operation) => operation.name === name).body;
  const input = { name: 'Ada', email: 'ada@crm.example', password: 'change me soon' };
  const { signUpUser } = await send(server, { query: body('SignUp'), variables: { input } });
  const link = new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest: () => manifest }));
  const { client, requests } = recordRequests(server, new Session(server.url, signUpUser.tokens), link);

  const { data } = await client.query({ query: await document('customers'), variables: { first: 5 } });
  assert.deepEqual(data.customers.edges, []);
  assert.deepEqual(requests, ['POST hash 200']);

  const { client: curious } = createApolloClient({ url: server.url, session: new Session(server.url, signUpUser.tokens) });
  await assert.rejects(
    curious.query({ query: gql`query Curious { users { totalCount } }` }),
    (error) => CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === 'QUERY_NOT_IN_SAFELIST',
  );
});
