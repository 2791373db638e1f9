import { useSyncExternalStore } from 'react'
import type { Side } from './api/session'

/** The state of the page is in its address, `#staff/cus_…`: it can be linked to, and survives a reload. */
export interface Address {
  /** Both sides can be open in two tabs. */
  side: Side
  /** What is open there: a page such as `tickets`, or a record by its id; undefined for the first page. */
  open: string | undefined
}

export function useAddress(): Address {
  const [side, open] = useSyncExternalStore(subscribe, () => window.location.hash)
    .slice(1)
    .split('/')
  return { side: side === 'customer' ? 'customer' : 'staff', open }
}

/** The address of something on a side, or of its first page. */
export const addressOf = (side: Side, open?: string): string => `#${side}${open ? `/${open}` : ''}`

/** The same from the page of a mailed link, which has another path. */
export const homeOf = (side: Side, open?: string): string => `${import.meta.env.BASE_URL}${addressOf(side, open)}`

/** What the links are for that the server mails to the holders of accounts: the first take only a token, the others a session as well. */
const accountActions = ['reset-password', 'accept-invitation', 'sign-up', 'undo-email-change'] as const
const addressActions = ['verify-email', 'change-email'] as const

interface LinkFor<Action> {
  action: Action
  /** Undefined if the mail contains it without an address, because the server has no PUBLIC_URL. */
  token: string | undefined
}

export type AccountLink = LinkFor<(typeof accountActions)[number]>
export type AddressLink = LinkFor<(typeof addressActions)[number]>

/** The account link that led to the page, `/reset-password#token=…`, if any. */
export const accountLink = (location: Location): AccountLink | undefined => linkFor(accountActions, location)

/** The same for a link about the address of an account. */
export const addressLink = (location: Location): AddressLink | undefined => linkFor(addressActions, location)

function linkFor<Action extends string>(
  actions: readonly Action[],
  { pathname, hash }: Location,
): LinkFor<Action> | undefined {
  const action = actions.find((name) => pathname === `${import.meta.env.BASE_URL}${name}`)
  return action && { action, token: new URLSearchParams(hash.slice(1)).get('token') ?? undefined }
}

/** What an identity provider has sent somebody back with, to `/log-in/corp?state=…&code=…`, if one has. */
export const providerAnswer = ({ pathname, search }: Location): URLSearchParams | undefined =>
  pathname.startsWith(`${import.meta.env.BASE_URL}log-in/`) ? new URLSearchParams(search) : undefined

/** The ticket that a mail about it links to, `/tickets/tkt_…`, if any. */
export const mailedTicket = ({ pathname }: Location): string | undefined => pathname.match(/\/tickets\/(tkt_\w+)$/)?.[1]

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}
