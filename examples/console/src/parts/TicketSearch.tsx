import { useQuery } from '@apollo/client/react'
import { useRef, useState } from 'react'
import { graphql } from '../api/generated'
import type { FoundTicketFragment, TicketWhere } from '../api/generated/graphql'
import { type Problem, problemOf } from '../api/problem'
import { useSettled } from '../settled'
import { statusLabels } from './labels'
import { ProblemMessage } from './ProblemMessage'
import { nameOfTicket } from './TicketFacts'

graphql(`
  fragment FoundTicket on Ticket {
    ...TicketName
    customer {
      id
      name
    }
  }
`)

// Not in the cache, where the only list of all tickets is the queue.
const FindTickets = graphql(`
  query FindTickets($where: TicketWhere!) {
    tickets(first: 10, where: $where, orderBy: [{ field: CREATED_AT, direction: DESC }]) {
      nodes {
        ...FoundTicket
      }
    }
  }
`)

/** Matches the number, such as `#7`, or a part of the title. `contains` needs at least three characters. */
function matching(text: string): TicketWhere {
  const number = text.match(/^#?(\d{1,9})$/)?.[1]
  if (number) return { number: { eq: Number(number) } }
  return { title: text.length < 3 ? { startsWith: text } : { contains: text } }
}

interface TicketSearchProps {
  label: string
  /** What is done with a ticket that is chosen, such as “Link with”. */
  verb: string
  /** Whose tickets are searched; by default everybody’s. */
  customerId?: string | undefined
  /** The ids of tickets that aren't offered. */
  except: string[]
  /** Returns false if it isn't done. */
  onChoose: (ticket: FoundTicketFragment) => Promise<unknown>
}

/** Finds a ticket by its number or a part of its title, and does something with it. */
export function TicketSearch({ label, verb, customerId, except, onChoose }: TicketSearchProps) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<Problem>()
  const input = useRef<HTMLInputElement>(null)
  const wanted = useSettled(text.trim())
  const where = customerId ? { ...matching(wanted), customerId: { eq: customerId } } : matching(wanted)
  const { data, error } = useQuery(FindTickets, { variables: { where }, skip: wanted === '', fetchPolicy: 'no-cache' })
  const isSettled = wanted !== '' && wanted === text.trim()
  const found = data?.tickets?.nodes.filter(({ id, mergedInto }) => !mergedInto && !except.includes(id))

  async function choose(ticket: FoundTicketFragment) {
    setProblem(undefined)
    try {
      if ((await onChoose(ticket)) === false) return
      setText('')
      input.current?.focus()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }

  return (
    <div className="search">
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder="Number or title"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul aria-label={`${label}: found`}>
        {isSettled &&
          found?.map((ticket) => (
            <li key={ticket.id} className="facts">
              <span>{nameOfTicket(ticket)}</span>
              <span className={`badge ${ticket.status.toLowerCase()}`}>{statusLabels[ticket.status]}</span>
              {!customerId && ticket.customer && <span>{ticket.customer.name}</span>}
              <button type="button" aria-label={`${verb} ${nameOfTicket(ticket)}`} onClick={() => choose(ticket)}>
                {verb}
              </button>
            </li>
          ))}
      </ul>
      <p role="status" className="hint">
        {isSettled && found?.length === 0 && 'There is no such ticket.'}
      </p>
      {(problem || error) && <ProblemMessage problem={problem ?? problemOf(error)} />}
    </div>
  )
}
