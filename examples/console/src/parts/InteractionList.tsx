import type { InteractionPageFragment } from '../api/generated/graphql'
import { InteractionCard } from './InteractionCard'
import { MoreButton } from './MoreButton'

interface InteractionListProps {
  page: InteractionPageFragment
  onMore: (after: string | null) => Promise<unknown>
}

/** Interactions, newest first. */
export function InteractionList({ page, onMore }: InteractionListProps) {
  const { edges, pageInfo } = page
  return (
    <section aria-label="Interactions">
      {edges.length === 0 && <p className="empty">There are no interactions yet.</p>}
      {edges.map(({ node }) => (
        <InteractionCard key={node.id} interaction={node} />
      ))}
      <MoreButton label="More interactions" page={pageInfo} onMore={onMore} />
    </section>
  )
}
