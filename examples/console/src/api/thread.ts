import { graphql } from './generated'
import type { ThreadQuery } from './generated/graphql'

/** A ticket with the last of its messages; pages before these are appended at the head. */
export const Thread = graphql(`
  query Thread($id: ID!, $before: String) {
    ticket(id: $id) {
      ...Ticket
      channel
      cc
      source {
        senderVerified
      }
      draft {
        body
        visibility
      }
      linkedTickets {
        ...TicketName
      }
      attachments(first: 100, where: { messageId: { isNull: true } }) {
        nodes {
          ...Attachment
        }
      }
      messages(last: 20, before: $before) {
        edges {
          node {
            ...Message
          }
        }
        pageInfo {
          hasPreviousPage
          hasNextPage
          startCursor
        }
      }
    }
  }
`)

/** A ticket with its thread. */
export type ThreadTicket = NonNullable<ThreadQuery['ticket']>
