import { addressOf } from '../address'
import type { TicketChange } from '../api/changes'
import { statusLabels } from './labels'

/** The latest change of interest to the viewer: for staff a new ticket, for customers a change of theirs. */
export function News({ change }: { change: TicketChange | undefined }) {
  return (
    <p role="status" className="news">
      {change?.kind === 'CREATED' && change.ticket?.customer && (
        <>
          New ticket of <a href={addressOf(change.ticket.customer.id)}>{change.ticket.customer.name}</a>:{' '}
          {change.ticket.description}
        </>
      )}
      {change?.kind === 'MOVED' && change.ticket && (
        <>
          Your ticket is {statusLabels[change.ticket.status].toLowerCase()} now: {change.ticket.description}
        </>
      )}
    </p>
  )
}
