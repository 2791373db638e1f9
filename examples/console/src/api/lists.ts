import type { ApolloCache, Reference } from '@apollo/client'
import type { FieldFunctionOptions } from '@apollo/client/cache'

interface Entity {
  __typename?: string
  id: string
}

interface Edge {
  node: Reference
}

interface Connection {
  edges: Edge[]
  pageInfo: { hasNextPage: boolean }
}

/** Options of a query for a list: it is shown from the cache, and read again once. */
export const freshly = { fetchPolicy: 'cache-and-network', nextFetchPolicy: 'cache-first' } as const

/** A list in the cache: the connection that is in a field of a record, or of the query itself. */
export interface List {
  owner: Entity | undefined
  field: 'interactions' | 'tickets' | 'assignedTickets' | 'messages'
  /** Returns the index that a record has among the edges. */
  place: (edges: readonly Edge[], node: Reference, readField: FieldFunctionOptions['readField']) => number
}

export const newestFirst: List['place'] = () => 0

export const oldestFirst: List['place'] = (edges) => edges.length

const urgencies = ['URGENT', 'HIGH', 'MEDIUM', 'LOW']

/** The order of the queue: the most urgent first, and of those the oldest. */
export const mostUrgentFirst: List['place'] = (edges, node, readField) => {
  const keyOf = (ticket: Reference) =>
    `${urgencies.indexOf(readField<string>('priority', ticket) ?? '')} ${readField('createdAt', ticket)}`
  const key = keyOf(node)
  const index = edges.findIndex((edge) => keyOf(edge.node) > key)
  return index < 0 ? edges.length : index
}

/**
 * Adds a cached record to a list, unless it is in the list. A record that belongs after the last one, or in a list of the newest
 * one that isn't new, may be on a page that has not been read yet, and is then omitted. A list that isn't in the cache is not
 * displayed.
 */
export function addToList(cache: ApolloCache, { owner, field, place }: List, record: Entity, isNew: boolean): void {
  const id = idOf(cache, owner)
  if (!id) return
  cache.modify({
    id,
    fields: {
      [field](existing, { toReference, readField }) {
        const list = existing as Connection
        const node = toReference({ ...record })
        if (!node || list.edges.some((edge) => edge.node.__ref === node.__ref)) return list
        const index = place(list.edges, node, readField)
        const isOnLaterPage = place === newestFirst ? !isNew : index === list.edges.length
        if (isOnLaterPage && list.pageInfo.hasNextPage) return list
        return { ...list, edges: [...list.edges.slice(0, index), { node }, ...list.edges.slice(index)] }
      },
    },
  })
}

/** Removes a record from one list. */
export function removeFromList(cache: ApolloCache, { owner, field }: List, record: Entity): void {
  const id = idOf(cache, owner)
  const ref = cache.identify({ ...record })
  if (!id) return
  cache.modify({
    id,
    fields: {
      [field](existing) {
        const list = existing as Connection
        return { ...list, edges: list.edges.filter((edge) => edge.node.__ref !== ref) }
      },
    },
  })
}

/** Removes a record from the cache, and so from all lists. */
export function forget(cache: ApolloCache, record: Entity): void {
  const id = cache.identify({ ...record })
  if (!id) return
  cache.evict({ id })
  cache.gc()
}

const idOf = (cache: ApolloCache, owner: Entity | undefined) => (owner ? cache.identify({ ...owner }) : 'ROOT_QUERY')
