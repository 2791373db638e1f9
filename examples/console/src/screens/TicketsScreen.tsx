import { useQuery } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { freshly } from '../api/lists'
import type { TicketFragment } from '../api/generated/graphql'
import { describe, type Problem, problemOf } from '../api/problem'
import { Heading } from '../parts/Heading'
import { ProblemMessage } from '../parts/ProblemMessage'
import { TakeButton } from '../parts/TakeButton'
import { nameOfTicket } from '../parts/TicketFacts'
import { TicketList } from '../parts/TicketList'

const Queue = graphql(`
  query Queue($after: String) {
    tickets(
      first: 20
      after: $after
      where: { interactionId: { isNull: true }, assigneeId: { isNull: true }, status: { notIn: [RESOLVED, CLOSED] } }
      orderBy: [{ field: PRIORITY, direction: DESC }, { field: CREATED_AT }]
    ) {
      ...TicketPage
    }
  }
`)

const OwnTickets = graphql(`
  query OwnTickets($after: String) {
    viewer {
      __typename
      ... on User {
        id
        assignedTickets(
          first: 20
          after: $after
          where: { status: { notIn: [RESOLVED, CLOSED] } }
          orderBy: [{ field: PRIORITY, direction: DESC }, { field: CREATED_AT }]
        ) {
          ...TicketPage
        }
      }
    }
  }
`)

/** The tickets that somebody has to take, and those that the viewer has taken. */
export function TicketsScreen() {
  return (
    <main className="single">
      <Heading>Tickets</Heading>
      <QueuedTickets />
      <TakenTickets />
    </main>
  )
}

function QueuedTickets() {
  const { data, error, fetchMore } = useQuery(Queue, {
    ...freshly,
  })
  const [refusal, setRefusal] = useState<{ ticket: TicketFragment; problem: Problem }>()
  const message = useRef<HTMLParagraphElement>(null)
  // The ticket disappears, and the focus with it.
  useEffect(() => message.current?.focus(), [refusal])
  return (
    <section className="card" aria-labelledby="queue">
      <h3 id="queue">Queue</h3>
      {refusal && (
        <p ref={message} role="alert" tabIndex={-1} className="problem">
          {nameOfTicket(refusal.ticket)}: {describe(refusal.problem)}
        </p>
      )}
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data?.tickets?.edges.length === 0 && <p className="empty">Somebody is responsible for every ticket.</p>}
      {data?.tickets && (
        <TicketList
          label="Queue"
          page={data.tickets}
          onMore={(after) => fetchMore({ variables: { after } })}
          actions={(ticket) => (
            <TakeButton
              ticket={ticket}
              onTaken={() => (window.location.hash = addressOf('staff', ticket.id))}
              onRefused={(problem) => setRefusal({ ticket, problem })}
            />
          )}
        />
      )}
    </section>
  )
}

function TakenTickets() {
  const { data, error, fetchMore } = useQuery(OwnTickets, {
    ...freshly,
  })
  return (
    <section className="card" aria-labelledby="own">
      <h3 id="own">Assigned to you</h3>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data?.viewer?.__typename === 'User' && (
        <>
          {data.viewer.assignedTickets.edges.length === 0 && <p className="empty">You have no open tickets.</p>}
          <TicketList
            label="Assigned to you"
            page={data.viewer.assignedTickets}
            onMore={(after) => fetchMore({ variables: { after } })}
          />
        </>
      )}
    </section>
  )
}
