import type { ApolloClient, TypedDocumentNode } from '@apollo/client'
import {
  concat, defer, EMPTY, from, ignoreElements, map, merge, type Observable, retry, switchMap, tap, throwError, timer,
} from 'rxjs'
import { graphql } from './generated'
import type { InteractionChangedSubscription, StartQuery, TicketChangedSubscription } from './generated/graphql'
import { addToList, forget } from './lists'
import { problemOf } from './problem'

const Start = graphql(`
  query Start {
    latestSeq
    viewer {
      __typename
      ... on User {
        id
        name
        role
      }
      ... on Customer {
        id
        name
      }
    }
  }
`)

const TicketChanged = graphql(`
  subscription TicketChanged($after: String!) {
    change: ticketChanged(after: $after) {
      seq
      kind
      ticketId
      ticket {
        ...Ticket
        interaction {
          id
        }
        customer {
          id
          name
        }
      }
    }
  }
`)

const InteractionChanged = graphql(`
  subscription InteractionChanged($after: String!) {
    change: interactionChanged(after: $after) {
      seq
      kind
      interactionId
      interaction {
        ...Interaction
        customer {
          id
          name
        }
      }
    }
  }
`)

export type Viewer = NonNullable<StartQuery['viewer']>
export type TicketChange = TicketChangedSubscription['change']
type InteractionChange = InteractionChangedSubscription['change']

/** Who wants to know. What the page shows may be read from `onStart` on, so that no change is missed. */
export interface Follower {
  onStart: (viewer: Viewer) => void
  onTicket: (change: TicketChange) => unknown
}

/**
 * Keeps the cache as the server has it, as long as it is subscribed to, whatever becomes of the connection: first asks
 * where the log of changes ends, then lets the page be read, then takes in what has changed behind that place.
 */
export function follow(client: ApolloClient, { onStart, onTicket }: Follower): Observable<unknown> {
  let restarting = false
  return defer(() => from(client.query({ query: Start, fetchPolicy: 'network-only' }))).pipe(
    switchMap(({ data }) => {
      if (!data?.viewer) throw new Error('nobody is logged in')
      onStart(data.viewer)
      const reread = restarting ? from(client.refetchQueries({ include: 'active' })).pipe(ignoreElements()) : EMPTY
      restarting = true
      const tickets = changes(client, TicketChanged, data.latestSeq)
      const interactions = changes(client, InteractionChanged, data.latestSeq)
      return concat(
        reread,
        merge(
          tickets.pipe(tap((change) => putTicket(client, change)), tap(onTicket)),
          interactions.pipe(tap((change) => putInteraction(client, change))),
        ),
      )
    }),
    retry({ delay: (_, failures) => pause(failures), resetOnSuccess: true }),
  )
}

/** Subscribes behind a seq; when the subscription ends, again behind the last seq that came: nothing is missed. */
function changes<Change extends { seq: string }>(
  client: ApolloClient,
  query: TypedDocumentNode<{ change: Change }, { after: string }>,
  after: string,
): Observable<Change> {
  let seq = after
  const subscription = defer(() => client.subscribe({ query, variables: { after: seq } })).pipe(
    map(({ data, error }) => {
      if (!data) throw error
      seq = data.change.seq
      return data.change
    }),
  )
  return concat(subscription, throwError(() => new Error('the subscription ended'))).pipe(
    retry({
      delay: (error, failures) => (isTooOld(error) ? throwError(() => error) : pause(failures)),
      resetOnSuccess: true,
    }),
  )
}

/** The server doesn't know any more what happened since then, so the page has to be read anew. */
const isTooOld = (error: unknown): boolean => ['EVENTS_EXPIRED', 'BAD_USER_INPUT'].includes(problemOf(error).code)

/** Half a second at first, half a minute at most; not all pages at once when a server is back. */
const pause = (failures: number) => timer(Math.min(30_000, 500 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2))

function putTicket({ cache }: ApolloClient, { kind, ticketId, ticket }: TicketChange): void {
  if (!ticket) forget(cache, { __typename: 'Ticket', id: ticketId })
  else if (ticket.interaction) addToList(cache, ticket.interaction, 'tickets', ticket, kind === 'CREATED')
}

function putInteraction({ cache }: ApolloClient, { kind, interactionId, interaction }: InteractionChange): void {
  if (!interaction) forget(cache, { __typename: 'Interaction', id: interactionId })
  else if (interaction.customer) addToList(cache, interaction.customer, 'interactions', interaction, kind === 'CREATED')
}
