import type { ApolloCache } from '@apollo/client'
import { graphql } from './generated'
import {
  type InteractionChangedSubscription,
  InteractionFragmentDoc,
  type MessageAddedSubscription,
  type MessageFragment,
  MessageFragmentDoc,
  type TicketChangedSubscription,
  type TicketFragment,
  TicketFragmentDoc,
} from './generated/graphql'
import { addToList, forget, type List, mostUrgentFirst, newestFirst, oldestFirst, removeFromList } from './lists'

export const TicketChanged = graphql(`
  subscription TicketChanged($after: String!) {
    change: ticketChanged(after: $after) {
      seq
      kind
      ticketId
      ticket {
        ...Ticket
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

export const MessageAdded = graphql(`
  subscription MessageAdded($after: String!) {
    change: ticketMessageAdded(after: $after) {
      seq
      messageId
      message {
        ...Message
        ticket {
          id
          number
          title
        }
      }
    }
  }
`)

export type TicketChange = TicketChangedSubscription['change']
export type InteractionChange = InteractionChangedSubscription['change']
export type MessageAddition = MessageAddedSubscription['change']

/** Applies a change of a ticket to the cache of a viewer, who sees their own tickets and the queue. */
export function putTicket(
  cache: ApolloCache,
  viewer: { id: string },
  { kind, ticketId, ticket }: Pick<TicketChange, 'kind' | 'ticketId'> & { ticket: TicketFragment | null },
): void {
  if (!ticket) return forget(cache, { __typename: 'Ticket', id: ticketId })
  cache.writeFragment({ fragment: TicketFragmentDoc, fragmentName: 'Ticket', data: ticket })
  const isNew = kind === 'CREATED'
  const { interaction, customer, assignee } = ticket
  const owner = interaction ?? customer
  if (owner) addToList(cache, { owner, field: 'tickets', place: newestFirst }, ticket, isNew)

  const isOpen = ticket.status !== 'RESOLVED' && ticket.status !== 'CLOSED'
  putIn(cache, queue, ticket, isOpen && !interaction && !assignee, isNew)
  putIn(cache, workOf(viewer), ticket, isOpen && assignee?.id === viewer.id, isNew)
}

const queue: List = { owner: undefined, field: 'tickets', place: mostUrgentFirst }

const workOf = ({ id }: { id: string }): List => ({
  owner: { __typename: 'User', id },
  field: 'assignedTickets',
  place: mostUrgentFirst,
})

function putIn(cache: ApolloCache, list: List, ticket: TicketFragment, belongs: boolean, isNew: boolean): void {
  if (belongs) addToList(cache, list, ticket, isNew)
  else removeFromList(cache, list, ticket)
}

/** Applies a change of an interaction to the cache. */
export function putInteraction(cache: ApolloCache, { kind, interactionId, interaction }: InteractionChange): void {
  if (!interaction) return forget(cache, { __typename: 'Interaction', id: interactionId })
  cache.writeFragment({ fragment: InteractionFragmentDoc, fragmentName: 'Interaction', data: interaction })
  const owner = interaction.customer ?? undefined
  if (owner) addToList(cache, { owner, field: 'interactions', place: newestFirst }, interaction, kind === 'CREATED')
}

/** Adds a message to its ticket's thread in the cache. */
export function putMessage(cache: ApolloCache, ticket: { id: string }, message: MessageFragment): void {
  cache.writeFragment({ fragment: MessageFragmentDoc, fragmentName: 'Message', data: message })
  const owner = { __typename: 'Ticket', id: ticket.id }
  addToList(cache, { owner, field: 'messages', place: oldestFirst }, message, true)
}

/** Marks a ticket in the cache, on which somebody else has just written. */
export function markUnread(cache: ApolloCache, ticket: { id: string }): void {
  const id = cache.identify({ __typename: 'Ticket', id: ticket.id })
  if (id) cache.modify({ id, fields: { unread: () => true } })
}
