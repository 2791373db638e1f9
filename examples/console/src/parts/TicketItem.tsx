import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { TicketFragment } from '../api/generated/graphql'
import { problemOf } from '../api/problem'
import { moment, moveLabels, priorityLabels, statusLabels } from './labels'
import { ProblemMessage } from './ProblemMessage'

const MoveTicket = graphql(`
  mutation MoveTicket($input: MoveTicketInput!) {
    moveTicket(input: $input) {
      ticket {
        ...Ticket
      }
    }
  }
`)

/** A ticket, with a button for each status that the viewer may move it to. */
export function TicketItem({ ticket }: { ticket: TicketFragment }) {
  const [move, { error, loading }] = useMutation(MoveTicket, { onError: () => undefined })
  const { id, version, description, status, priority, createdAt, assignee, allowedTransitions } = ticket
  return (
    <li className="ticket">
      <p>{description}</p>
      <p className="facts">
        <span className={`badge ${status.toLowerCase()}`}>{statusLabels[status]}</span>
        <span>{priorityLabels[priority]} priority</span>
        <time dateTime={createdAt}>{moment(createdAt)}</time>
        {assignee && <span>{assignee.name}</span>}
        <span className="actions">
          {allowedTransitions.map((to) => (
            <button
              key={to}
              type="button"
              disabled={loading}
              onClick={() => move({ variables: { input: { id, expectedVersion: version, status: to } } })}
            >
              {moveLabels[to]}
            </button>
          ))}
        </span>
      </p>
      {error && <ProblemMessage problem={problemOf(error)} />}
    </li>
  )
}
