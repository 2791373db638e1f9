// A little of a front end in TypeScript, with the types that graphql-codegen's client preset makes of its documents.
import { useFragment, type FragmentType } from './__generated__/fragment-masking.js';
import { graphql } from './__generated__/gql.js';
import type { TypedDocumentString } from './__generated__/graphql.js';

export async function execute<Result, Variables>(
  url: string,
  token: string | undefined,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json',
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: document, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
  if (!data) {
    throw new Error(errors?.[0]?.message ?? response.statusText);
  }
  return data;
}

const ticketFragment = graphql(`
  fragment TicketRow on Ticket {
    id
    description
    status
    priority
    createdAt
    assignee {
      name
    }
  }
`);

function row(ticket: FragmentType<typeof ticketFragment>): string {
  const { description, status, assignee } = useFragment(ticketFragment, ticket);
  return `${description}: ${status}, ${assignee?.name ?? 'nobody'}`;
}

const openTickets = graphql(`
  query OpenTickets($first: Int, $where: TicketWhere) {
    tickets(first: $first, where: $where) {
      totalCount
      nodes {
        ...TicketRow
      }
    }
    node(id: "cus_000000000000000000000000") {
      __typename
      ... on Customer {
        email
      }
    }
  }
`);

const assign = graphql(`
  mutation Assign($input: AssignTicketInput!) {
    assignTicket(input: $input) {
      ticket {
        ...TicketRow
      }
    }
  }
`);

/** Gives a ticket to somebody, and returns it as a row. */
export async function assignTicket(url: string, token: string, id: string, assigneeId: string | null): Promise<string> {
  const { assignTicket } = await execute(url, token, assign, { input: { id, assigneeId } });
  return assignTicket ? row(assignTicket.ticket) : '';
}

/** Returns the open tickets as rows. */
export async function listOpenTickets(url: string, token: string): Promise<string[]> {
  const { tickets } = await execute(url, token, openTickets, {
    first: 10,
    where: { status: { eq: 'OPEN' }, or: [{ priority: { gte: 'HIGH' } }, { assigneeId: { isNull: false } }] },
  });
  return tickets?.nodes.map(row) ?? [];
}
