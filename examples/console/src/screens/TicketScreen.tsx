import { useQuery } from '@apollo/client/react'
import { useEffect } from 'react'
import { addressOf, useAddress } from '../address'
import { freshly } from '../api/lists'
import { problemOf } from '../api/problem'
import { Thread } from '../api/thread'
import { useDraft } from '../drafts'
import { Attachments } from '../parts/Attachments'
import { CopiedTo } from '../parts/CopiedTo'
import { Compose } from '../parts/Compose'
import { FormattedText } from '../parts/FormattedText'
import { Heading } from '../parts/Heading'
import { LinkedTickets } from '../parts/LinkedTickets'
import { MessageList } from '../parts/MessageList'
import { ProblemMessage } from '../parts/ProblemMessage'
import { SeenMark } from '../parts/SeenMark'
import { TagEditor } from '../parts/Tags'
import { TakeButton } from '../parts/TakeButton'
import { nameOfTicket, TicketFacts } from '../parts/TicketFacts'
import { TicketMoves } from '../parts/TicketMoves'

/** A ticket and the conversation about it. */
export function TicketScreen({ id }: { id: string }) {
  const { side } = useAddress()
  // What others have linked or merged, and drafts from elsewhere, is reported by no subscription.
  const { data, error, fetchMore } = useQuery(Thread, { variables: { id }, ...freshly })
  // A ticket that was merged leads to the one that has its messages, also while it is displayed.
  const current = data?.ticket?.mergedInto?.id ?? data?.ticket?.id
  // What the viewer is writing goes there with them: it is sent or saved first.
  const draft = useDraft(id, data?.ticket?.draft ?? null)
  const { save, isSending } = draft
  useEffect(() => {
    if (!current || current === id || isSending) return
    let isHere = true
    save().then(() => isHere && window.location.replace(addressOf(side, current)))
    return () => {
      isHere = false
    }
  }, [side, id, current, save, isSending])
  return (
    <main className="single">
      <a className="back" href={side === 'staff' ? addressOf(side, 'tickets') : addressOf(side)}>
        ← Tickets
      </a>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {!data && !error && <p className="empty">…</p>}
      {data?.ticket && (
        <>
          <Heading>{nameOfTicket(data.ticket)}</Heading>
          <SeenMark ticket={data.ticket} lastMessageId={data.ticket.messages.edges.at(-1)?.node.id} />
          <p className="facts">
            <TicketFacts ticket={data.ticket} />
            {side === 'staff' && data.ticket.customer && (
              <a href={addressOf(side, data.ticket.customer.id)}>{data.ticket.customer.name}</a>
            )}
          </p>
          {data.ticket.viewerCan.includes('TAKE') && <TakeButton ticket={data.ticket} />}
          <TicketMoves ticket={data.ticket} />
          {side === 'staff' && <TagEditor id={id} tags={data.ticket.tags} />}
          <div className="card">
            <p className="text">{data.ticket.description}</p>
            {data.ticket.channel === 'EMAIL' && (
              <FormattedText mail={{ id, author: data.ticket.customer, createdAt: data.ticket.createdAt }} />
            )}
            <p className="facts">
              <CopiedTo cc={data.ticket.cc} isMail />
            </p>
            <Attachments files={data.ticket.attachments.nodes} />
          </div>
          {side === 'staff' && <LinkedTickets ticket={data.ticket} />}
          <MessageList page={data.ticket.messages} onMore={(before) => fetchMore({ variables: { before } })} />
          <Compose ticket={data.ticket} draft={draft} />
        </>
      )}
    </main>
  )
}
