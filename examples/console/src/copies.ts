import { useState } from 'react'
import { copiesOf } from './api/copies'
import type { ThreadTicket } from './api/thread'
import { useViewer } from './viewer'

/**
 * Returns whom the reply that the viewer is writing is copied to. Once they have begun, only they add somebody: what arrives meanwhile is
 * offered. A reload of the tab keeps the list.
 */
export function useCopies(ticket: ThreadTicket) {
  const key = `crm.copies.${useViewer().id}.${ticket.id}`
  const [kept, setKept] = useState(() => window.sessionStorage.getItem(key) ?? undefined)
  const { chosen, offered } = copiesOf(ticket)
  const value = kept ?? chosen.join(', ')

  function change(next: string) {
    window.sessionStorage.setItem(key, next)
    setKept(next)
  }

  return {
    value,
    offered: [...chosen, ...offered],
    change,
    /** Keeps the list as it is while the reply is written. */
    freeze: () => change(value),
    /** Lets the list be chosen anew for the next reply. */
    end() {
      window.sessionStorage.removeItem(key)
      setKept(undefined)
    },
  }
}
