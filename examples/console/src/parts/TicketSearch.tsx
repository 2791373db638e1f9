import { useApolloClient } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import type { FoundTicketFragment, TicketWhere } from '../api/generated/graphql'
import { type Problem, problemOf } from '../api/problem'
import { type Found, findTickets } from '../api/search'
import { useSettled } from '../settled'
import { statusLabels } from './labels'
import { ProblemMessage } from './ProblemMessage'
import { nameOfTicket } from './TicketFacts'

/** Matches the number, such as `#7`, or a part of the title. `contains` needs at least three characters. */
function matching(text: string): TicketWhere {
  const number = text.match(/^#?(\d{1,9})$/)?.[1]
  if (number) return { number: { eq: Number(number) } }
  return { title: text.length < 3 ? { startsWith: text } : { contains: text } }
}

/** What has been found for a text, or why nothing has. */
interface Result extends Partial<Found> {
  text: string
  problem?: Problem
}

/** Searches for a text as soon as its author pauses. Returns undefined until there is a result for it. */
function useFound(text: string, customerId: string | undefined, except: readonly string[]): Result | undefined {
  const client = useApolloClient()
  const [result, setResult] = useState<Result>()
  const wanted = useSettled(text)
  const excluded = except.join(' ')
  useEffect(() => {
    if (wanted === '') return
    const cancel = new AbortController()
    const tell = (result: Result) => cancel.signal.aborted || setResult(result)
    const where = customerId ? { ...matching(wanted), customerId: { eq: customerId } } : matching(wanted)
    findTickets(client, where, excluded.split(' '), cancel.signal).then(
      (found) => tell({ text: wanted, ...found }),
      (error) => tell({ text: wanted, problem: problemOf(error) }),
    )
    return () => {
      cancel.abort()
      setResult(undefined)
    }
  }, [client, wanted, customerId, excluded])
  return result?.text === text ? result : undefined
}

/** Says how many tickets have been found. */
function countOf({ tickets, hasMore }: Result): string | undefined {
  if (!tickets) return undefined
  if (hasMore) return `The ${tickets.length} newest tickets; type more to find others.`
  if (tickets.length === 0) return 'There is no such ticket.'
  return tickets.length === 1 ? '1 ticket' : `${tickets.length} tickets`
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
  const found = useFound(text.trim(), customerId, except)

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

  const shown = problem ?? found?.problem
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
        {found?.tickets?.map((ticket) => (
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
        {found && countOf(found)}
      </p>
      {shown && <ProblemMessage problem={shown} />}
    </div>
  )
}
