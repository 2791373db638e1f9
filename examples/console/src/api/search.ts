import type { ApolloClient } from '@apollo/client'
import { graphql } from './generated'
import type { FindTicketsQuery, FoundTicketFragment, TicketWhere } from './generated/graphql'

graphql(`
  fragment FoundTicket on Ticket {
    ...TicketName
    customer {
      id
      name
    }
  }
`)

// Not in the cache, where the only list of all tickets is the queue.
const FindTickets = graphql(`
  query FindTickets($where: TicketWhere!, $after: String) {
    tickets(first: 10, after: $after, where: $where, orderBy: [{ field: CREATED_AT, direction: DESC }]) {
      nodes {
        ...FoundTicket
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

type Page = NonNullable<FindTicketsQuery['tickets']>

/** Tickets that match a search, the newest first. */
export interface Found {
  tickets: FoundTicketFragment[]
  /** Whether older ones match, too. */
  hasMore: boolean
}

/** How many tickets a search finds at most. */
const most = 10

/**
 * Finds tickets that haven't been merged, except some. The API has no filter for merged ones, so it reads on until there are enough, or
 * `signal` is aborted.
 */
export async function findTickets(
  client: ApolloClient,
  where: TicketWhere,
  except: readonly string[],
  signal: AbortSignal,
): Promise<Found> {
  const tickets: FoundTicketFragment[] = []
  let after: string | null = null
  do {
    const page: Page = await readPage(client, where, after)
    tickets.push(...page.nodes.filter(({ id, mergedInto }) => !mergedInto && !except.includes(id)))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after && tickets.length <= most && !signal.aborted)
  return { tickets: tickets.slice(0, most), hasMore: tickets.length > most }
}

async function readPage(client: ApolloClient, where: TicketWhere, after: string | null): Promise<Page> {
  const { data } = await client.query({ query: FindTickets, variables: { where, after }, fetchPolicy: 'no-cache' })
  if (!data?.tickets) throw new Error('the answer has no tickets')
  return data.tickets
}
