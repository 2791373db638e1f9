import { useRef } from 'react'
import type { ThreadQuery } from '../api/generated/graphql'
import { MessageItem } from './MessageItem'
import { MoreButton } from './MoreButton'

interface MessageListProps {
  page: NonNullable<ThreadQuery['ticket']>['messages']
  onMore: (before: string | null) => Promise<unknown>
}

/** The messages on a ticket, the newest last. */
export function MessageList({ page: { edges, pageInfo }, onMore }: MessageListProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  return (
    <section className="thread" aria-labelledby="messages">
      <h3 id="messages" ref={heading} tabIndex={-1}>
        Messages
      </h3>
      <MoreButton
        label="Earlier messages"
        page={{ hasNextPage: pageInfo.hasPreviousPage, endCursor: pageInfo.startCursor }}
        onMore={onMore}
      />
      {edges.length === 0 && <p className="empty">Nobody has replied yet.</p>}
      <ol aria-labelledby="messages">
        {edges.map(({ node }) => (
          <MessageItem key={node.id} message={node} onDeleted={() => heading.current?.focus()} />
        ))}
      </ol>
    </section>
  )
}
