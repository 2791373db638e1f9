import { useReactiveVar } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { addressOf, useAddress } from '../address'
import type { Api } from '../api/client'
import { graphql } from '../api/generated'
import { follow, type Viewer } from '../api/live'
import { isNews, type LatestNews, News } from '../parts/News'
import { ViewerContext } from '../viewer'
import { CustomerScreen } from './CustomerScreen'
import { StaffScreen, staffPages } from './StaffScreen'

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
  const [news, setNews] = useState<LatestNews>()
  const isConnected = useReactiveVar(api.connected)

  useEffect(() => {
    const tell = (news: LatestNews, viewer: Viewer) => isNews(news, viewer) && setNews(news)
    const following = follow(api, {
      onStart: setViewer,
      onTicket: (change, viewer) => tell({ change }, viewer),
      onMessage: (addition, viewer) => tell({ addition }, viewer),
    }).subscribe()
    return () => following.unsubscribe()
  }, [api])

  async function logOut() {
    // If the server can't be reached, the page forgets the session, which ends on the server when its tokens expire.
    await api.client.mutate({ mutation: LogOut }).catch(() => undefined)
    await api.session.end()
  }

  return (
    <ViewerContext value={viewer}>
      <header>
        <h1>CRM console</h1>
        <span className={isConnected ? 'connection live' : 'connection'}>{isConnected ? 'live' : 'connecting …'}</span>
        {viewer?.__typename === 'User' && <StaffNavigation />}
        <span className="who">
          {viewer && <AccountLink name={viewer.name} />}
          {viewer?.__typename === 'User' && <span className="badge">{viewer.role}</span>}
        </span>
        <button type="button" onClick={logOut}>
          Log out
        </button>
      </header>
      {viewer && <News news={news} />}
      {!viewer && !isConnected && (
        <main className="single waiting">
          <p role="status">The server can’t be reached. This page goes on by itself as soon as it answers.</p>
        </main>
      )}
      {viewer?.__typename === 'User' && <StaffScreen />}
      {viewer?.__typename === 'Customer' && <CustomerScreen />}
    </ViewerContext>
  )
}

/** Leads to the viewer's own account. */
function AccountLink({ name }: { name: string }) {
  const { side, open } = useAddress()
  return (
    <a
      href={addressOf(side, 'account')}
      aria-label={`${name}: your account`}
      aria-current={open === 'account' ? 'page' : undefined}
    >
      {name}
    </a>
  )
}

function StaffNavigation() {
  const { open } = useAddress()
  return (
    <nav className="pages" aria-label="Pages">
      {staffPages.map(({ label, page }) => (
        <a key={label} href={addressOf('staff', page)} aria-current={page === open ? 'page' : undefined}>
          {label}
        </a>
      ))}
    </nav>
  )
}
