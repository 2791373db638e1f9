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
 * Puts a record that is in the cache at the head of a list, unless it is there. One that isn't new may be on a page that
 * has not been read yet, and is left out then. An owner or a list that isn't in the cache is none that is shown.
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

/** Takes a record out of the cache, and so out of all lists. */
export function forget(cache: ApolloCache, record: Entity): void {
  const id = cache.identify({ ...record })
  if (!id) return
  cache.evict({ id })
  cache.gc()
}
