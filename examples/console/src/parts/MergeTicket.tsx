import { useApolloClient } from '@apollo/client/react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import type { TicketFragment, TicketNameFragment } from '../api/generated/graphql'
import { nameOfTicket } from './TicketFacts'
import { TicketSearch } from './TicketSearch'

const MergeTickets = graphql(`
  mutation MergeTickets($input: MergeTicketsInput!) {
    mergeTickets(input: $input) {
      ticket {
        ...Ticket
      }
    }
  }
`)

/** Merges a ticket into another one of its customer, which is displayed then. */
export function MergeTicket({ ticket }: { ticket: TicketFragment }) {
  const client = useApolloClient()
  const { id, version, customer } = ticket

  async function merge(into: TicketNameFragment) {
    const question = `Merge ${nameOfTicket(ticket)} into ${nameOfTicket(into)}? Its messages move there, and it is closed. This can’t be undone.`
    if (!window.confirm(question)) return false
    await client.mutate({
      mutation: MergeTickets,
      variables: { input: { fromId: id, expectedVersion: version, intoId: into.id } },
    })
    window.location.replace(addressOf('staff', into.id))
    return true
  }

  return (
    <details>
      <summary>Merge into another ticket</summary>
      <TicketSearch
        label="Ticket to merge into"
        verb="Merge into"
        customerId={customer?.id}
        except={[id]}
        onChoose={merge}
      />
    </details>
  )
}
