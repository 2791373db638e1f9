import { graphql } from './generated'

// What the page knows of a record. Queries, mutations and subscriptions ask for the same, so that whatever comes in
// by one of them is complete for all of them.

graphql(`
  fragment Ticket on Ticket {
    id
    version
    description
    status
    priority
    createdAt
    allowedTransitions
    assignee {
      id
      name
    }
  }
`)

graphql(`
  fragment TicketPage on TicketConnection {
    edges {
      node {
        ...Ticket
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
`)

graphql(`
  fragment Interaction on Interaction {
    id
    kind
    title
    description
    startTime
    durationMinutes
    location
    status
    viewerCan
    user {
      id
      name
    }
    tickets(first: 20) {
      ...TicketPage
    }
  }
`)

graphql(`
  fragment InteractionPage on InteractionConnection {
    edges {
      node {
        ...Interaction
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
`)
