import type { TicketFragment } from '../api/generated/graphql'
import { moment, priorityLabels, statusLabels } from './labels'
import { Tags } from './Tags'

/** What is known of a ticket besides its texts. */
export function TicketFacts({ ticket }: { ticket: TicketFragment }) {
  const { status, priority, createdAt, assignee, mergedInto, tags } = ticket
  return (
    <>
      <span className={`badge ${status.toLowerCase()}`}>{statusLabels[status]}</span>
      {mergedInto && <span>merged into another</span>}
      <span>{priorityLabels[priority]} priority</span>
      <time dateTime={createdAt}>{moment(createdAt)}</time>
      {assignee && <span>{assignee.name}</span>}
      <Tags tags={tags} />
    </>
  )
}

/** `#7 The invoice is wrong` */
export const nameOfTicket = ({ number, title }: Pick<TicketFragment, 'number' | 'title'>): string =>
  number === null ? title : `#${number} ${title}`
