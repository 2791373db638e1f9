import type { ApolloCache, Reference } from '@apollo/client'

interface Entity {
  __typename?: string
  id: string
}

interface Connection {
  edges: { node: Reference }[]
  pageInfo: { hasNextPage: boolean }
}

/**
 * Adds a cached record at the head of a list, unless it is in the list. A record that isn't new may be on a page that has
 * not been read yet, and is then omitted. An owner or a list that isn't in the cache is not displayed.
 */
export function addToList(
  cache: ApolloCache,
  owner: Entity,
  field: 'interactions' | 'tickets',
  record: Entity,
  isNew: boolean,
): void {
  const id = cache.identify({ ...owner })
  if (!id) return
  cache.modify({
    id,
    fields: {
      [field](existing, { toReference }) {
        const list = existing as Connection
        const node = toReference({ ...record })
        const isKnown = list.edges.some((edge) => edge.node.__ref === node?.__ref)
        if (!node || isKnown || (!isNew && list.pageInfo.hasNextPage)) return list
        return { ...list, edges: [{ node }, ...list.edges] }
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
