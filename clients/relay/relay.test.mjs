// Relay: its compiler accepts the schema, and its store joins the pages of nested connections.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { promisify } from 'node:util';
import { startServer } from '../server.js';
import { populate, send } from '../world.js';

const require = createRequire(import.meta.url);
const {
  Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getSingularSelector,
} = require('relay-runtime');
const folder = fileURLToPath(new URL('.', import.meta.url));

async function compile() {
  await rm(`${folder}__generated__`, { recursive: true, force: true });
  await mkdir(`${folder}__generated__`);
  // The compiler only accepts a schema file named .graphql in the folder of its sources.
  await copyFile(`${folder}../../schema.graphqls`, `${folder}schema.graphql`);
  const compiler = fileURLToPath(new URL('../node_modules/.bin/relay-compiler', import.meta.url));
  await promisify(execFile)(compiler, ['relay.config.json'], { cwd: folder });
  return (name) => require(`./__generated__/${name}.graphql.js`);
}

function connect(server, token) {
  return new Environment({
    network: Network.create(async ({ text }, variables) => ({ data: await send(server, { query: text, variables, token }) })),
    store: new Store(new RecordSource()),
  });
}

// readAll reads a fragment of a parent's data, and all pages of its connection.
async function readAll(environment, artifact, parent, field) {
  const selector = getSingularSelector(artifact, parent);
  const { operation, identifierInfo } = artifact.metadata.refetch;
  for (let requests = 0; ; requests++) {
    const { data } = environment.lookup(selector);
    if (!data[field].pageInfo.hasNextPage) {
      return { nodes: data[field].edges.map(({ node }) => node), requests };
    }
    const variables = { [identifierInfo.identifierQueryVariableName]: parent.__id, after: data[field].pageInfo.endCursor };
    await fetchQuery(environment, operation, variables).toPromise();
  }
}

test('the pages of nested refetchable connections are joined', async (t) => {
  const artifact = await compile();
  const server = await startServer(t);
  const world = await populate(server, { customers: 1, interactions: 5, tickets: 3 });
  const environment = connect(server, world.tokens.accessToken);
  const [id] = world.customerIds;

  const query = artifact('CustomerInteractionsQuery');
  const operation = createOperationDescriptor(query, { id });
  environment.retain(operation);
  await fetchQuery(environment, query, { id }).toPromise();
  const { customer } = environment.lookup(operation.fragment).data;

  const interactions = await readAll(environment, artifact('CustomerInteractions_customer'), customer, 'interactions');
  assert.deepEqual(interactions.nodes.map((node) => node.id), world.interactionIds);
  assert.equal(interactions.requests, 2);

  const interaction = artifact('CustomerInteractions_interaction');
  const tickets = await readAll(environment, interaction, interactions.nodes[0], 'tickets');
  assert.deepEqual(tickets.nodes.map((node) => node.id).sort(), world.ticketIds.slice(0, 3).sort());
  assert.equal(tickets.requests, 1);
});
