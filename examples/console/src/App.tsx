import { ApolloProvider } from '@apollo/client/react'
import { useState, useSyncExternalStore } from 'react'
import { mailedLink, useAddress } from './address'
import { newApi } from './api/client'
import type { Session, Side } from './api/session'
import { Console } from './screens/Console'
import { Door } from './screens/Door'
import { MailedLinkScreen } from './screens/MailedLinkScreen'

export function App({ sessions }: { sessions: Record<Side, Session> }) {
  const { side } = useAddress()
  const link = mailedLink(window.location)
  if (link) return <MailedLinkScreen key={link.token} link={link} sessions={sessions} />
  return <OneSide key={side} session={sessions[side]} />
}

function OneSide({ session }: { session: Session }) {
  const isLoggedIn = useSyncExternalStore(session.subscribe, session.isLoggedIn)
  return <Access key={String(isLoggedIn)} session={session} isLoggedIn={isLoggedIn} />
}

/** Each log-in gets its own client, so the cache contains nothing of the last one. */
function Access({ session, isLoggedIn }: { session: Session; isLoggedIn: boolean }) {
  const [api] = useState(() => newApi(session))
  return (
    <ApolloProvider client={api.client}>
      {isLoggedIn ? <Console api={api} /> : <Door session={session} />}
    </ApolloProvider>
  )
}
