import type { ApolloClient, TypedDocumentNode } from '@apollo/client'
import {
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  map,
  merge,
  type Observable,
  retry,
  switchMap,
  tap,
  throwError,
  timer,
} from 'rxjs'
import {
  InteractionChanged,
  markUnread,
  MessageAdded,
  type MessageAddition,
  putInteraction,
  putMessage,
  putTicket,
  type TicketChange,
  TicketChanged,
} from './changes'
import type { Api } from './client'
import { graphql } from './generated'
import type { StartQuery } from './generated/graphql'
import { isBy } from './messages'
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

export type Viewer = NonNullable<StartQuery['viewer']>

/** The callbacks of a subscriber. The page reads its data only after `onStart`, so no change is missed. */
export interface Follower {
  onStart: (viewer: Viewer) => void
  onTicket: (change: TicketChange, viewer: Viewer) => unknown
  onMessage: (addition: MessageAddition, viewer: Viewer) => unknown
}

/**
 * Keeps the cache consistent with the server while it is subscribed, even if the connection is lost: it first asks for
 * the end of the log of changes, then lets the page read its data, then applies all changes after that position.
 */
export function follow(api: Api, { onStart, onTicket, onMessage }: Follower): Observable<unknown> {
  const { client } = api
  let restarting = false
  return defer(() => from(client.query({ query: Start, fetchPolicy: 'network-only' }))).pipe(
    switchMap(({ data }) => {
      if (!data?.viewer) throw new Error('nobody is logged in')
      const { viewer } = data
      onStart(viewer)
      const reread = restarting ? from(client.refetchQueries({ include: 'active' })).pipe(ignoreElements()) : EMPTY
      restarting = true
      const tickets = changes(api, TicketChanged, data.latestSeq, (change) => {
        putTicket(client.cache, viewer, change)
        if (change.kind === 'MERGED') rereadThreads(client, [change.ticketId, change.ticket?.mergedInto?.id])
        onTicket(change, viewer)
      })
      const interactions = changes(api, InteractionChanged, data.latestSeq, (change) =>
        putInteraction(client.cache, change),
      )
      const messages = changes(api, MessageAdded, data.latestSeq, (addition) => {
        const { message } = addition
        if (!message?.ticket) return
        putMessage(client.cache, message.ticket, message)
        if (!isBy(message, viewer)) markUnread(client.cache, message.ticket)
        onMessage(addition, viewer)
      })
      return concat(reread, merge(tickets, interactions, messages))
    }),
    retry({ delay: (_, failures) => pause(failures), resetOnSuccess: true }),
  )
}

/**
 * Reads the threads of tickets again that are displayed, because messages have moved from one to the other. The last change of a merge, that
 * of the ticket that gets them, comes when all have moved.
 */
function rereadThreads(client: ApolloClient, ticketIds: (string | undefined)[]): void {
  for (const query of client.getObservableQueries()) {
    if (query.queryName === 'Thread' && ticketIds.includes(query.variables['id']))
      query.refetch().catch(() => undefined)
  }
}

/**
 * Subscribes after a seq; when the subscription ends, it resubscribes after the last applied seq, so nothing is missed.
 * It applies a change when no request is pending, because a later response may contain older data, which would
 * overwrite the change.
 */
function changes<Change extends { seq: string }>(
  { client, requests }: Api,
  query: TypedDocumentNode<{ change: Change }, { after: string }>,
  after: string,
  takeIn: (change: Change) => void,
): Observable<Change> {
  let seq = after
  const subscription = defer(() => client.subscribe({ query, variables: { after: seq }, fetchPolicy: 'no-cache' }))
  return concat(
    subscription,
    throwError(() => new Error('the subscription ended')),
  ).pipe(
    map(({ data, error }) => {
      if (!data) throw error
      return data.change
    }),
    concatMap((change) => requests.settled.pipe(map(() => change))),
    tap((change) => {
      takeIn(change)
      seq = change.seq
    }),
    retry({
      delay: (error, failures) => (isTooOld(error) ? throwError(() => error) : pause(failures)),
      resetOnSuccess: true,
    }),
  )
}

/** The server no longer stores the changes since then, so the page has to reload its data. */
const isTooOld = (error: unknown): boolean => ['EVENTS_EXPIRED', 'BAD_USER_INPUT'].includes(problemOf(error).code)

/** From half a second to half a minute, with jitter: not all pages reconnect at once when a server is back. */
const pause = (failures: number) => timer(Math.min(30_000, 500 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2))
