import { useApolloClient } from '@apollo/client/react'
import { useRef, useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import type { TicketNameFragment } from '../api/generated/graphql'
import { type Problem, problemOf } from '../api/problem'
import type { ThreadTicket } from '../api/thread'
import { statusLabels } from './labels'
import { MergeTicket } from './MergeTicket'
import { ProblemMessage } from './ProblemMessage'
import { nameOfTicket } from './TicketFacts'
import { TicketSearch } from './TicketSearch'

const LinkTickets = graphql(`
  mutation LinkTickets($input: LinkTicketsInput!) {
    linkTickets(input: $input) {
      ticket {
        id
        linkedTickets {
          ...TicketName
        }
      }
    }
  }
`)

const UnlinkTickets = graphql(`
  mutation UnlinkTickets($input: UnlinkTicketsInput!) {
    unlinkTickets(input: $input) {
      ticket {
        id
        linkedTickets {
          ...TicketName
        }
      }
    }
  }
`)

/** The tickets that have to do with one: the staff link them, unlink them, and merge it into another one. */
export function LinkedTickets({ ticket }: { ticket: ThreadTicket }) {
  const client = useApolloClient()
  const heading = useRef<HTMLHeadingElement>(null)
  const [problem, setProblem] = useState<Problem>()
  const { id, linkedTickets } = ticket

  const link = (other: TicketNameFragment) =>
    client.mutate({ mutation: LinkTickets, variables: { input: { id, otherId: other.id } } })

  async function unlink(other: TicketNameFragment) {
    setProblem(undefined)
    try {
      await client.mutate({ mutation: UnlinkTickets, variables: { input: { id, otherId: other.id } } })
      heading.current?.focus()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }

  return (
    <section className="card" aria-labelledby="linked">
      <h3 id="linked" ref={heading} tabIndex={-1}>
        Related tickets
      </h3>
      {linkedTickets.length > 0 && (
        <ul aria-labelledby="linked">
          {linkedTickets.map((other) => (
            <LinkedTicket key={other.id} ticket={other} onUnlink={() => unlink(other)} />
          ))}
        </ul>
      )}
      {problem && <ProblemMessage problem={problem} />}
      <details>
        <summary>Link a ticket</summary>
        <TicketSearch
          label="Ticket to link"
          verb="Link"
          except={[id, ...linkedTickets.map((other) => other.id)]}
          onChoose={link}
        />
      </details>
      {ticket.viewerCan.includes('MERGE') && <MergeTicket ticket={ticket} />}
    </section>
  )
}

function LinkedTicket({ ticket, onUnlink }: { ticket: TicketNameFragment; onUnlink: () => void }) {
  return (
    <li className="facts">
      <a href={addressOf('staff', ticket.id)}>{nameOfTicket(ticket)}</a>
      <span className={`badge ${ticket.status.toLowerCase()}`}>{statusLabels[ticket.status]}</span>
      <button type="button" className="link" aria-label={`Unlink ${nameOfTicket(ticket)}`} onClick={onUnlink}>
        Unlink
      </button>
    </li>
  )
}
