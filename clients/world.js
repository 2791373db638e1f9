// The data of the tests: an admin, customers, interactions with them, and tickets on these.

/** The admin's credentials. */
export const admin = { name: 'Ada Admin', email: 'ada@crm.example', password: 'change me soon' };

/** Sends an operation with fetch, and returns its data. */
export async function send(server, { query, variables, token }) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) {
    throw new Error(JSON.stringify(errors));
  }
  return data;
}

/** Creates the admin, who is the first user of the empty system, and returns their tokens and id. */
export async function signUpAdmin(server) {
  const { signUpUser } = await send(server, {
    query: `mutation ($input: SignUpUserInput!) {
      signUpUser(input: $input) { user { id } tokens { accessToken accessTokenExpiresAt refreshToken } }
    }`,
    variables: { input: admin },
  });
  return { id: signUpUser.user.id, ...signUpUser.tokens };
}

/** Creates an admin and the given numbers of customers, interactions per customer, and tickets per interaction. */
export async function populate(server, { customers = 2, interactions = 2, tickets = 2 } = {}) {
  const tokens = await signUpAdmin(server);
  const create = (type, inputs) => createAll(server, tokens.accessToken, type, inputs);
  const customerIds = await create('Customer', times(customers, (i) => ({
    name: `Customer ${i}`, email: `customer${i}@client.example`, company: i % 2 ? 'Initech' : 'TCS',
  })));
  const interactionIds = await create('Interaction', customerIds.flatMap((customerId) => times(interactions, (i) => ({
    customerId, title: `Meeting ${i}`, startTime: `2030-01-0${1 + (i % 9)}T09:00:00Z`,
  }))));
  const ticketIds = await create('Ticket', interactionIds.flatMap((interactionId) => times(tickets, (i) => ({
    interactionId, description: `Ticket ${i}`,
  }))));
  return { tokens, customerIds, interactionIds, ticketIds };
}

/** Moves a ticket to a status. */
export async function moveTicket(server, token, id, status) {
  await send(server, {
    query: 'mutation ($input: MoveTicketInput!) { moveTicket(input: $input) { ticket { id } } }',
    variables: { input: { id, status } },
    token,
  });
}

/** Returns the position of the newest change in the log. */
export async function latestSeq(server, token) {
  return (await send(server, { query: '{ latestSeq }', token })).latestSeq;
}

// createAll creates entities of a type, fifty per request, and returns their ids.
async function createAll(server, token, type, inputs) {
  const ids = [];
  for (let start = 0; start < inputs.length; start += 50) {
    const page = inputs.slice(start, start + 50);
    const query = `mutation (${page.map((_, i) => `$i${i}: Create${type}Input!`).join(', ')}) {
      ${page.map((_, i) => `c${i}: create${type}(input: $i${i}) { ${type.toLowerCase()} { id } }`).join('\n')}
    }`;
    const data = await send(server, { query, token, variables: Object.fromEntries(page.map((input, i) => [`i${i}`, input])) });
    ids.push(...page.map((_, i) => data[`c${i}`][type.toLowerCase()].id));
  }
  return ids;
}

function times(n, make) {
  return Array.from({ length: n }, (_, i) => make(i));
}
