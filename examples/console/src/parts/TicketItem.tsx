import type { ReactNode } from 'react'
import { addressOf, useAddress } from '../address'
import type { TicketFragment } from '../api/generated/graphql'
import { nameOfTicket, TicketFacts } from './TicketFacts'

/** A ticket in a list, which leads to its thread. */
export function TicketItem({ ticket, children }: { ticket: TicketFragment; children: ReactNode }) {
  const { side } = useAddress()
  const { id, title, description, unread } = ticket
  return (
    <li className="ticket">
      <p>
        <a href={addressOf(side, id)}>{nameOfTicket(ticket)}</a>{' '}
        {unread && <span className="badge unread">unread</span>}
      </p>
      {description !== title && <p className="text">{description}</p>}
      <p className="facts">
        <TicketFacts ticket={ticket} />
      </p>
      {children}
    </li>
  )
}
