import { graphql } from './generated'

/** A ticket with the last of its messages; pages before these are appended at the head. */
export const Thread = graphql(`
  query Thread($id: ID!, $before: String) {
    ticket(id: $id) {
      ...Ticket
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
