import { useMutation } from '@apollo/client/react'
import { putTicket } from '../api/changes'
import { graphql } from '../api/generated'
import type { TicketFragment } from '../api/generated/graphql'
import { type Problem, problemOf } from '../api/problem'
import { useViewer } from '../viewer'
import { ProblemMessage } from './ProblemMessage'

const TakeTicket = graphql(`
  mutation TakeTicket($input: TakeTicketInput!) {
    takeTicket(input: $input) {
      ticket {
        ...Ticket
      }
    }
  }
`)

interface TakeButtonProps {
  ticket: TicketFragment
  onTaken?: () => void
  /** Is told if somebody else was faster. Then the ticket, and this button, may be about to disappear. */
  onRefused?: (problem: Problem) => void
}

/** Makes the viewer responsible for a ticket that nobody is responsible for. */
export function TakeButton({ ticket, onTaken, onRefused }: TakeButtonProps) {
  const viewer = useViewer()
  const [take, { error, loading }] = useMutation(TakeTicket, {
    update(cache, { data }) {
      const taken = data?.takeTicket?.ticket
      if (taken) putTicket(cache, viewer, { kind: 'ASSIGNED', ticketId: taken.id, ticket: taken })
    },
    onCompleted: () => onTaken?.(),
    onError: (error) => onRefused?.(problemOf(error)),
  })
  return (
    <div className="actions">
      <button
        type="button"
        className="primary"
        aria-label={`Take ${ticket.title}`}
        disabled={loading}
        onClick={() => take({ variables: { input: { id: ticket.id } } })}
      >
        Take
      </button>
      {error && !onRefused && <ProblemMessage problem={problemOf(error)} />}
    </div>
  )
}
