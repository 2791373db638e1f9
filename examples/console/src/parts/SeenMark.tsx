import { useMutation } from '@apollo/client/react'
import { useEffect } from 'react'
import { graphql } from '../api/generated'
import { useIsVisible } from '../visible'

const MarkTicketSeen = graphql(`
  mutation MarkTicketSeen($input: MarkTicketSeenInput!) {
    markTicketSeen(input: $input) {
      ticket {
        id
        unread
      }
    }
  }
`)

interface SeenMarkProps {
  ticket: { id: string; unread: boolean }
  /** The last message that is displayed. */
  lastMessageId: string | undefined
}

/** Tells the server that the viewer has seen a thread, while it is on their screen, and not in a tab behind others. */
export function SeenMark({ ticket: { id, unread }, lastMessageId }: SeenMarkProps) {
  const [mark] = useMutation(MarkTicketSeen, { onError: () => undefined })
  const isVisible = useIsVisible()
  useEffect(() => {
    if (unread && isVisible) mark({ variables: { input: { id, lastMessageId: lastMessageId ?? null } } })
  }, [mark, id, unread, isVisible, lastMessageId])
  return null
}
