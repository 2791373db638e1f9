// An Apollo client as a front end of this server would create it.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { connectSocket } from '../socket.js';
import { authLink, resumeLink } from './links.js';

/** Returns a cache that joins the pages of lists. Lists with other filters or orders are kept separate. */
export function createCache() {
  const pages = () => relayStylePagination(['where', 'orderBy']);
  return new InMemoryCache({
    possibleTypes: { Node: ['User', 'Customer', 'Interaction', 'Ticket', 'Delivery'], Viewer: ['User', 'Customer'] },
    typePolicies: {
      Query: { fields: { users: pages(), customers: pages(), interactions: pages(), tickets: pages() } },
      User: { fields: { interactions: pages(), tickets: pages(), assignedTickets: pages() } },
      Customer: { fields: { interactions: pages(), tickets: pages() } },
      Interaction: { fields: { tickets: pages(), deliveries: relayStylePagination() } },
      Ticket: { fields: { deliveries: relayStylePagination() } },
    },
  });
}

/**
 * Returns a client for a session. `socketOptions` are options of graphql-ws, `resume` are options of resumeLink, and
 * `links` precede the link that sends operations by HTTP.
 */
export function createApolloClient({ url, session, links = [], socketOptions = {}, resume = {}, fetch }) {
  const socket = connectSocket(url, session, socketOptions);
  const client = new ApolloClient({
    cache: createCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      ApolloLink.from([resumeLink(resume), new GraphQLWsLink(socket)]),
      ApolloLink.from([authLink(session), ...links, new HttpLink({ uri: url, fetch })]),
    ),
  });
  return { client, socket };
}
