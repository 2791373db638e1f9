import { useApolloClient } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { InteractionFragment } from '../api/generated/graphql'
import { interactionStatusLabels, kindLabels, moment } from './labels'
import { NewTicket } from './NewTicket'
import { TicketList } from './TicketList'

const MoreTickets = graphql(`
  query MoreTickets($id: ID!, $after: String) {
    interaction(id: $id) {
      id
      tickets(first: 20, after: $after) {
        ...TicketPage
      }
    }
  }
`)

/** An interaction and its tickets. */
export function InteractionCard({ interaction }: { interaction: InteractionFragment }) {
  const client = useApolloClient()
  const { id, kind, title, description, startTime, durationMinutes, location, status, user, tickets } = interaction
  const readMore = (after: string | null) =>
    client.query({ query: MoreTickets, variables: { id, after }, fetchPolicy: 'network-only' })
  return (
    <article className="card" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <p className="facts">
        <span className={`badge ${status.toLowerCase()}`}>{interactionStatusLabels[status]}</span>
        <span>{kindLabels[kind]}</span>
        <time dateTime={startTime}>{moment(startTime)}</time>
        {durationMinutes && <span>{durationMinutes} min</span>}
        {location && <span>{location}</span>}
        {user && <span>with {user.name}</span>}
      </p>
      {description && <p>{description}</p>}
      <TicketList label="Tickets" page={tickets} onMore={readMore} />
      {interaction.viewerCan.includes('CREATE_TICKET') && <NewTicket of={{ interactionId: id }} />}
    </article>
  )
}
