// The documents of a page with a customer, their interactions and the tickets on these, both loaded page by page. Only
// relay-compiler reads this file.
const { graphql } = require('relay-runtime');

graphql`
  query CustomerInteractionsQuery($id: ID!) {
    customer(by: { id: $id }) {
      ...CustomerInteractions_customer
    }
  }
`;

graphql`
  fragment CustomerInteractions_customer on Customer
  @refetchable(queryName: "CustomerInteractionsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }) {
    name
    interactions(first: $first, after: $after, orderBy: [{ field: TITLE, direction: ASC }])
      @connection(key: "CustomerInteractions_interactions") {
      edges {
        node {
          id
          title
          ...CustomerInteractions_interaction
        }
      }
    }
  }
`;

graphql`
  fragment CustomerInteractions_interaction on Interaction
  @refetchable(queryName: "CustomerInteractionsTicketsQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }) {
    tickets(first: $first, after: $after) @connection(key: "CustomerInteractions_tickets") {
      edges {
        node {
          id
          status
        }
      }
    }
  }
`;
