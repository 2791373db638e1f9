// The requests of the benchmark as the fastest GraphQL server in JavaScript serves them: documents compiled by graphql-jit,
// resolvers that run prepared statements of bun:sqlite, and writes that wait for the disk together. Like bench/peer, it
// has no authentication, permissions, limits or events.
//
//   bun server.js DATA SCHEMA    on the port $PORT, which other processes may share
import { Database } from 'bun:sqlite';
import { buildSchema, parse } from 'graphql';
import { compileQuery } from 'graphql-jit';

const [, , file, schemaFile] = process.argv;
const db = new Database(file);
db.run('PRAGMA busy_timeout = 10000');
db.run('PRAGMA synchronous = FULL');
db.run('PRAGMA cache_size = -65536');
db.run('PRAGMA mmap_size = 1073741824');
const begin = db.prepare('BEGIN');
const beginWriting = db.prepare('BEGIN IMMEDIATE');
const commit = db.prepare('COMMIT');

const customer = 'customers.id AS key, created_at AS at, name, email, company';
const interaction = 'interactions.id AS key, created_at AS at, title, kind, start_time AS start, status, description, customer_id';
const ticket = 'tickets.id AS key, created_at AS at, description, status, priority';

// A row knows the rows that were read with it, so that one statement reads what belongs to all of them: calls of statements
// cost more than rows.
function group(rows) {
  rows.forEach((row, n) => {
    row.rows = rows;
    row.n = n;
  });
  return rows;
}

// Limits are no parameters, because SQLite prepares a statement anew whenever its limit is bound.
const prepared = new Map();

function prepare(text) {
  let statement = prepared.get(text);
  if (!statement) {
    prepared.set(text, (statement = db.prepare(text)));
  }
  return statement;
}

const newest = (columns, from, order, first, ...values) =>
  group(prepare(`SELECT ${columns} FROM ${from} ORDER BY ${order} LIMIT ${first}`).all(...values));

/** Returns the newest rows of a table that belong to a row. */
function children(row, table, parent, columns, first) {
  const name = table + first;
  if (!row.rows[name]) {
    const least = `SELECT id FROM ${table} WHERE ${parent} = p.value ORDER BY id DESC LIMIT 1 OFFSET ${first - 1}`;
    const all = prepare(
      `SELECT p.key AS parent, ${columns} FROM json_each(?) AS p
       CROSS JOIN ${table} ON ${parent} = p.value AND ${table}.id >= coalesce((${least}), 0) ORDER BY p.key, ${table}.id DESC`,
    ).all(JSON.stringify(row.rows.map(({ key }) => key)));
    row.rows[name] = row.rows.map(() => []);
    group(all).forEach((child) => row.rows[name][child.parent].push(child));
  }
  return row.rows[name][row.n];
}

/** Returns the customer of a row. */
function customerOf(row) {
  row.rows.customers ??= prepare(
    `SELECT ${customer} FROM json_each(?) AS p CROSS JOIN customers ON customers.id = p.value ORDER BY p.key`,
  ).all(JSON.stringify(row.rows.map(({ customer_id }) => customer_id)));
  return row.rows.customers[row.n];
}

const insertTicket = db.prepare(
  `INSERT INTO tickets (interaction_id, id, customer_id, description, status, priority, created_at)
   SELECT id, (SELECT max(id) + 1 FROM tickets), customer_id, ?, 'OPEN', ?, ? FROM interactions WHERE id = ?
   RETURNING ${ticket}`,
);

// An id is written with the time of creation in seconds and the key, both in base 16.
const three = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(3, '0'));
const two = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

function id(prefix, { at, key }) {
  const s = Math.floor(at / 1000);
  return prefix + three[s >>> 20] + three[(s >>> 8) & 4095] + two[s & 255] + '62656e6368' + three[key >>> 12] + three[key & 4095];
}

const keyOf = (text) => Number.parseInt(text.slice(-6), 16);
const time = (milliseconds) => new Date(milliseconds).toISOString();

const interactions = (row, { first }) => ({
  nodes: children(row, 'interactions', 'customer_id', interaction, first),
});
const tickets = (row, { first }) => ({ nodes: children(row, 'tickets', 'interaction_id', ticket, first) });

const resolvers = {
  Query: {
    customers: (_, { first, after }) => ({
      nodes: newest(customer, 'customers WHERE id < ?', 'id DESC', first, after ?? Number.MAX_SAFE_INTEGER),
    }),
    interaction: (_, { id }) => newest(interaction, 'interactions WHERE id = ?', 'id', 1, keyOf(id))[0],
    tickets: (_, { first }) => ({
      nodes: newest(`${ticket}, customer_id`, "tickets WHERE status = 'OPEN'", 'created_at DESC, id DESC', first),
    }),
  },
  Mutation: {
    createTicket: (_, { input }) => ({
      ticket: insertTicket.get(input.description, input.priority, Date.now(), keyOf(input.interactionId)),
    }),
  },
  Customer: { id: (row) => id('cus_', row), createdAt: ({ at }) => time(at), interactions },
  Interaction: { id: (row) => id('int_', row), startTime: ({ start }) => time(start), customer: customerOf, tickets },
  Ticket: { id: (row) => id('tkt_', row), createdAt: ({ at }) => time(at), customer: customerOf },
};

const schema = buildSchema(await Bun.file(schemaFile).text());
for (const [type, fields] of Object.entries(resolvers)) {
  for (const [name, resolve] of Object.entries(fields)) {
    schema.getType(type).getFields()[name].resolve = resolve;
  }
}

const compiled = new Map();

function compile(text) {
  const document = parse(text);
  const options = { disableLeafSerialization: true, disablingCapturingStackErrors: true };
  const { query } = compileQuery(schema, document, undefined, options);
  const operation = {
    writes: document.definitions.some(({ operation }) => operation === 'mutation'),
    run: (variables) => JSON.stringify(query({}, {}, variables)),
  };
  compiled.set(text, operation);
  return operation;
}

function read(operation, variables) {
  begin.run();
  try {
    return operation.run(variables);
  } finally {
    commit.run();
  }
}

// The mutations that have arrived when the event loop comes round share a commit.
let waiting = [];

function write(operation, variables) {
  return new Promise((resolve) => {
    if (waiting.push({ operation, variables, resolve }) === 1) {
      setImmediate(writeAll);
    }
  });
}

function writeAll() {
  const batch = waiting;
  waiting = [];
  beginWriting.run();
  const texts = batch.map(({ operation, variables }) => operation.run(variables));
  commit.run(); // if it fails, the process ends and nothing is acknowledged
  batch.forEach(({ resolve }, n) => resolve(texts[n]));
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: process.env.PORT,
  reusePort: true,
  routes: {
    '/graphql': {
      POST: async (request) => {
        const { query, variables } = await request.json();
        const operation = compiled.get(query) ?? compile(query);
        const text = operation.writes ? await write(operation, variables) : read(operation, variables);
        return new Response(text, { headers: { 'Content-Type': 'application/json' } });
      },
    },
  },
});
process.on('SIGTERM', () => process.exit());
console.log(`Peer http://127.0.0.1:${server.port}/`);
