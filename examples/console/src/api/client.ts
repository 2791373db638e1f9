import { ApolloClient, ApolloLink, HttpLink, makeVar, type ReactiveVar } from '@apollo/client'
import { SetContextLink } from '@apollo/client/link/context'
import { ErrorLink } from '@apollo/client/link/error'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import { createClient } from 'graphql-ws'
import { from, switchMap, throwError } from 'rxjs'
import { newCache } from './cache'
import { problemOf } from './problem'
import { Requests } from './requests'
import type { Session } from './session'
import { httpUrl, socketUrl } from './url'

/** The way to the API in the name of one session. */
export interface Api {
  client: ApolloClient
  session: Session
  requests: Requests
  /** Whether the WebSocket is open. */
  connected: ReactiveVar<boolean>
}

/** Queries and mutations go by HTTP, subscriptions by WebSocket; both with a good access token of the session. */
export function newApi(session: Session): Api {
  const connected = makeVar(false)
  const requests = new Requests()
  const http = [requests.link, replayRefused(session), authorize(session), new HttpLink({ uri: httpUrl })]
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(newSocket(session, connected)),
    ApolloLink.from(http),
  )
  return { client: new ApolloClient({ cache: newCache(), link }), session, requests, connected }
}

/** Adds the access token to a request. */
function authorize(session: Session): ApolloLink {
  return new SetContextLink(async ({ headers }) => {
    const token = await session.accessToken()
    return { token, headers: token ? { ...headers, Authorization: `Bearer ${token}` } : headers }
  })
}

/**
 * Sends a request once more whose access token was refused, with a new one. That happens although tokens are exchanged
 * before they end: clocks differ, computers sleep. Nothing was done in the refused request, so mutations may go again.
 */
function replayRefused(session: Session): ApolloLink {
  return new ErrorLink(({ error, operation, forward }) => {
    const { token } = operation.getContext()
    if (!token || problemOf(error).code !== 'UNAUTHENTICATED') return
    return from(session.renew(token)).pipe(
      switchMap((renewed) => (renewed ? forward(operation) : throwError(() => error))),
    )
  })
}

/** How the server closes a socket whose token is refused, or has ended. */
const forbidden = 4403

/** Connects when somebody subscribes. Connecting again is up to the subscriber, who knows what it has got already. */
function newSocket(session: Session, connected: ReactiveVar<boolean>) {
  let token: string | undefined
  return createClient({
    url: socketUrl,
    retryAttempts: 0,
    connectionParams: async () => {
      token = await session.accessToken()
      return token ? { Authorization: `Bearer ${token}` } : {}
    },
    on: {
      connected: () => connected(true),
      closed: (event) => {
        connected(false)
        // If it can't be renewed now, the next socket is refused as this one was, and it is tried again.
        if (token && (event as CloseEvent).code === forbidden) session.renew(token).catch(() => undefined)
      },
    },
  })
}
