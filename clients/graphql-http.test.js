// The audits of GraphQL over HTTP: https://github.com/graphql/graphql-http/tree/main/implementations
import assert from 'node:assert/strict';
import test from 'node:test';
import { auditServer } from 'graphql-http';
import { startServer } from './server.js';

test('the server passes the audits of graphql-http', async (t) => {
  const server = await startServer(t);
  const results = await auditServer({ url: server.url });
  const failed = results.filter((result) => result.status !== 'ok');
  assert.deepEqual(failed.map(({ id, name, reason }) => `${id} ${name}: ${reason}`), []);
  assert.equal(results.length, 61);
});
