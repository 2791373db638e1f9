import type { ApolloCache } from '@apollo/client'
import { graphql } from './generated'
import {
  type InteractionChangedSubscription,
  InteractionFragmentDoc,
  type TicketChangedSubscription,
  TicketFragmentDoc,
} from './generated/graphql'
import { addToList, forget } from './lists'

export const TicketChanged = graphql(`
  subscription TicketChanged($after: String!) {
    change: ticketChanged(after: $after) {
      seq
      kind
      ticketId
      ticket {
        ...Ticket
        interaction {
          id
        }
        customer {
          id
          name
        }
      }
    }
  }
`)

export const InteractionChanged = graphql(`
  subscription InteractionChanged($after: String!) {
    change: interactionChanged(after: $after) {
      seq
      kind
      interactionId
      interaction {
        ...Interaction
        customer {
          id
          name
        }
      }
    }
  }
`)

export type TicketChange = TicketChangedSubscription['change']
export type InteractionChange = InteractionChangedSubscription['change']

/** Applies a change of a ticket to the cache. */
export function putTicket(cache: ApolloCache, { kind, ticketId, ticket }: TicketChange): void {
  if (!ticket) return forget(cache, { __typename: 'Ticket', id: ticketId })
  cache.writeFragment({ fragment: TicketFragmentDoc, fragmentName: 'Ticket', data: ticket })
  if (ticket.interaction) addToList(cache, ticket.interaction, 'tickets', ticket, kind === 'CREATED')
}

/** Applies a change of an interaction to the cache. */
export function putInteraction(cache: ApolloCache, { kind, interactionId, interaction }: InteractionChange): void {
  if (!interaction) return forget(cache, { __typename: 'Interaction', id: interactionId })
  cache.writeFragment({ fragment: InteractionFragmentDoc, fragmentName: 'Interaction', data: interaction })
  if (interaction.customer) addToList(cache, interaction.customer, 'interactions', interaction, kind === 'CREATED')
}
