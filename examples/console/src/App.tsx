import { ApolloProvider } from '@apollo/client/react'
import { useState, useSyncExternalStore } from 'react'
import { useAddress } from './address'
import { newApi } from './api/client'
import type { Session, Side } from './api/session'
import { Console } from './screens/Console'
import { LogIn } from './screens/LogIn'

export function App({ sessions }: { sessions: Record<Side, Session> }) {
  const session = sessions[useAddress().side]
  const isLoggedIn = useSyncExternalStore(session.subscribe, session.isLoggedIn)
  return <Door key={`${session.side} ${isLoggedIn}`} session={session} isLoggedIn={isLoggedIn} />
}

/** Each log-in gets its own client, so the cache contains nothing of the last one. */
function Door({ session, isLoggedIn }: { session: Session; isLoggedIn: boolean }) {
  const [api] = useState(() => newApi(session))
  return (
    <ApolloProvider client={api.client}>
      {isLoggedIn ? <Console api={api} /> : <LogIn session={session} />}
    </ApolloProvider>
  )
}
