import { ApolloProvider } from '@apollo/client/react'
import { useState, useSyncExternalStore } from 'react'
import { accountLink, addressLink, providerAnswer, useAddress } from './address'
import { newApi } from './api/client'
import type { Session, Side } from './api/session'
import { AccountLinkScreen } from './screens/AccountLinkScreen'
import { AddressLinkScreen } from './screens/AddressLinkScreen'
import { Console } from './screens/Console'
import { Door } from './screens/Door'
import { ProviderScreen } from './screens/ProviderScreen'

export function App({ sessions }: { sessions: Record<Side, Session> }) {
  const { side } = useAddress()
  const forAccount = accountLink(window.location)
  const forAddress = addressLink(window.location)
  const [answer] = useState(() => providerAnswer(window.location))
  if (forAccount) return <AccountLinkScreen key={forAccount.token} link={forAccount} sessions={sessions} />
  if (forAddress) return <AddressLinkScreen key={forAddress.token} link={forAddress} sessions={sessions} />
  if (answer) return <ProviderScreen answer={answer} sessions={sessions} />
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
