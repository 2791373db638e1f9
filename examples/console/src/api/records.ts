import { graphql } from './generated'

// The fields of a record that the page uses. Queries, mutations and subscriptions all select them, so a record from any
// of them is complete for all.

graphql(`
  fragment Ticket on Ticket {
    id
    version
    number
    title
    description
    status
    priority
    createdAt
    unread
    viewerCan
    allowedTransitions
    interaction {
      id
    }
    mergedInto {
      id
    }
    customer {
      id
      name
    }
    assignee {
      id
      name
    }
    tags {
      ...Tag
    }
  }
`)

graphql(`
  fragment TicketName on Ticket {
    id
    number
    title
    status
    mergedInto {
      id
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
  fragment Message on TicketMessage {
    id
    version
    visibility
    channel
    automatic
    senderVerified
    bodyText
    cc
    createdAt
    editedAt
    earlierTexts {
      text
      writtenAt
    }
    viewerCan
    attachments(first: 100) {
      nodes {
        ...Attachment
      }
    }
    author {
      ... on User {
        id
        name
      }
      ... on Customer {
        id
        name
      }
      ... on ExternalAddress {
        email
        name
      }
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
