import { InMemoryCache } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
import possibleTypes from './generated/possible-types'

/** One record for each id, whichever query returned it, and one growing list for each connection and filter. */
export function newCache(): InMemoryCache {
  const list = relayStylePagination()
  return new InMemoryCache({
    possibleTypes: possibleTypes.possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          customers: relayStylePagination(['where', 'orderBy']),
          users: relayStylePagination(['where', 'orderBy']),
          // The only list of all tickets is the queue; see `lists.ts`.
          tickets: list,
          apiKeys: list,
          sessions: list,
        },
      },
      User: { fields: { assignedTickets: list } },
      Customer: { fields: { interactions: list, tickets: list } },
      Interaction: { fields: { tickets: list } },
      Ticket: { fields: { messages: list } },
    },
  })
}
