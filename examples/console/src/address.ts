import { useSyncExternalStore } from 'react'
import type { Side } from './api/session'

/** The state of the page is in its address, `#staff/cus_…`: it can be linked to, and survives a reload. */
export interface Address {
  /** Both sides can be open in two tabs. */
  side: Side
  /** The customer that staff have selected. */
  customer: string | undefined
}

export function useAddress(): Address {
  const [side, customer] = useSyncExternalStore(subscribe, () => window.location.hash)
    .slice(1)
    .split('/')
  return { side: side === 'customer' ? 'customer' : 'staff', customer }
}

/** The address of the list, with no customer selected. */
export const noCustomer = '#staff'

export const addressOf = (customer: string): string => `#staff/${customer}`

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}
