import { InMemoryCache } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
import possibleTypes from './generated/possible-types'

/** One record for each id, whichever query returned it, and one growing list for each connection and filter. */
export function newCache(): InMemoryCache {
  const list = relayStylePagination()
  return new InMemoryCache({
    possibleTypes: possibleTypes.possibleTypes,
    typePolicies: {
      Query: { fields: { customers: relayStylePagination(['where', 'orderBy']) } },
      Customer: { fields: { interactions: list } },
      Interaction: { fields: { tickets: list } },
    },
  })
}
