import { useQuery } from '@apollo/client/react'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import { NewTicket } from './NewTicket'
import { ProblemMessage } from './ProblemMessage'
import { TicketList } from './TicketList'

const CustomerTickets = graphql(`
  query CustomerTickets($id: ID!, $after: String) {
    customer(by: { id: $id }) {
      id
      tickets(first: 20, after: $after, where: { interactionId: { isNull: true } }) {
        ...TicketPage
      }
    }
  }
`)

/** A customer's tickets that are on no interaction. */
export function CustomerTicketList({ id }: { id: string }) {
  const { data, error, fetchMore } = useQuery(CustomerTickets, { variables: { id } })
  return (
    <section className="card" aria-labelledby="tickets">
      <h3 id="tickets">Tickets</h3>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data?.customer && (
        <TicketList
          label="Tickets"
          page={data.customer.tickets}
          onMore={(after) => fetchMore({ variables: { after } })}
        />
      )}
      <NewTicket of={{ customerId: id }} />
    </section>
  )
}
