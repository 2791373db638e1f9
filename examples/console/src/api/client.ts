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

/** Access to the API with one session. */
export interface Api {
  client: ApolloClient
  session: Session
  requests: Requests
  /** Whether the WebSocket is open. */
  connected: ReactiveVar<boolean>
}

/** Sends queries and mutations by HTTP, subscriptions by WebSocket, both with a valid access token of the session. */
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

/** Access for somebody whose account is only known by a token that was mailed to them. */
export const newAnonymousClient = (): ApolloClient =>
  new ApolloClient({ cache: newCache(), link: new HttpLink({ uri: httpUrl }) })

/** Adds the access token to a request. */
function authorize(session: Session): ApolloLink {
  return new SetContextLink(async ({ headers }) => {
    const token = await session.accessToken()
    return { token, headers: token ? { ...headers, Authorization: `Bearer ${token}` } : headers }
  })
}

/**
 * Resends a request whose access token was refused, with a new one. This happens although tokens are refreshed before
 * they expire: clocks differ, computers sleep. The refused request had no effect, so mutations may be sent again.
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

/** The close code of a socket whose token is refused or has expired. */
const forbidden = 4403

/** Connects at the first subscription. Reconnecting is up to the subscriber, which knows the changes it has received. */
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
        // If it can't be refreshed now, the next socket is refused as well, and this is tried again.
        if (token && (event as CloseEvent).code === forbidden) session.renew(token).catch(() => undefined)
      },
    },
  })
}
