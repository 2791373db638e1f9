import { useReactiveVar } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import type { TicketChange } from '../api/changes'
import type { Api } from '../api/client'
import { graphql } from '../api/generated'
import { follow, type Viewer } from '../api/live'
import { News } from '../parts/News'
import { CustomerScreen } from './CustomerScreen'
import { StaffScreen } from './StaffScreen'

const LogOut = graphql(`
  mutation LogOut {
    logOut {
      endedSessions
    }
  }
`)

/** The screen of a logged-in account, with live updates. */
export function Console({ api }: { api: Api }) {
  const [viewer, setViewer] = useState<Viewer>()
  const [news, setNews] = useState<TicketChange>()
  const isConnected = useReactiveVar(api.connected)

  useEffect(() => {
    const newsKind = api.session.side === 'staff' ? 'CREATED' : 'MOVED'
    const onTicket = (change: TicketChange) => change.kind === newsKind && setNews(change)
    const following = follow(api, { onStart: setViewer, onTicket }).subscribe()
    return () => following.unsubscribe()
  }, [api])

  async function logOut() {
    // If the server can't be reached, the page forgets the session, which ends on the server when its tokens expire.
    await api.client.mutate({ mutation: LogOut }).catch(() => undefined)
    await api.session.end()
  }

  return (
    <>
      <header>
        <h1>CRM console</h1>
        <span className={isConnected ? 'connection live' : 'connection'}>{isConnected ? 'live' : 'connecting …'}</span>
        <span className="who">
          {viewer?.name}
          {viewer?.__typename === 'User' && <span className="badge">{viewer.role}</span>}
        </span>
        <button type="button" onClick={logOut}>
          Log out
        </button>
      </header>
      <News change={news} />
      {!viewer && !isConnected && (
        <main className="single waiting">
          <p role="status">The server can’t be reached. This page goes on by itself as soon as it answers.</p>
        </main>
      )}
      {viewer?.__typename === 'User' && <StaffScreen />}
      {viewer?.__typename === 'Customer' && <CustomerScreen />}
    </>
  )
}
