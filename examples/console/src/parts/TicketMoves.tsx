import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { TicketFragment } from '../api/generated/graphql'
import { problemOf } from '../api/problem'
import { moveLabels } from './labels'
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

/** A button for each status that the viewer may move a ticket to. */
export function TicketMoves({ ticket }: { ticket: TicketFragment }) {
  const [move, { error, loading }] = useMutation(MoveTicket, { onError: () => undefined })
  const { id, version, allowedTransitions } = ticket
  return (
    <>
      <div className="actions">
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
      </div>
      {error && <ProblemMessage problem={problemOf(error)} />}
    </>
  )
}
