import { useSyncExternalStore } from 'react'
import type { Side } from './api/session'

/** What the page shows is in its address, `#staff/cus_…`: it can be linked to, and outlives a reload. */
export interface Address {
  /** Both sides can be open in two tabs, next to each other. */
  side: Side
  /** The customer that staff looks at. */
  customer: string | undefined
}

export function useAddress(): Address {
  const [side, customer] = useSyncExternalStore(subscribe, () => window.location.hash)
    .slice(1)
    .split('/')
  return { side: side === 'customer' ? 'customer' : 'staff', customer }
}

export const addressOf = (customer: string): string => `#staff/${customer}`

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}
