import type { ReactNode } from 'react'
import type { TicketFragment, TicketPageFragment } from '../api/generated/graphql'
import { MoreButton } from './MoreButton'
import { TicketItem } from './TicketItem'
import { TicketMoves } from './TicketMoves'

interface TicketListProps {
  label: string
  page: TicketPageFragment
  onMore: (after: string | null) => Promise<unknown>
  /** What can be done with each ticket: by default, to move it. */
  actions?: (ticket: TicketFragment) => ReactNode
}

/** Tickets, each with what can be done with it. */
export function TicketList({ label, page, onMore, actions }: TicketListProps) {
  return (
    <>
      <ul aria-label={label}>
        {page.edges.map(({ node }) => (
          <TicketItem key={node.id} ticket={node}>
            {actions ? actions(node) : <TicketMoves ticket={node} />}
          </TicketItem>
        ))}
      </ul>
      <MoreButton label="More tickets" page={page.pageInfo} onMore={onMore} />
    </>
  )
}
