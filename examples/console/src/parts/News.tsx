import { addressOf, useAddress } from '../address'
import type { MessageAddition, TicketChange } from '../api/changes'
import { isBy } from '../api/messages'
import { useViewer } from '../viewer'
import { authorOf, statusLabels } from './labels'
import { nameOfTicket } from './TicketFacts'

export type LatestNews = { change: TicketChange } | { addition: MessageAddition }

/** Whether the viewer wants to know: staff of new tickets, customers of what becomes of theirs, and both of what others write. */
export function isNews(news: LatestNews, viewer: { id: string; __typename: 'User' | 'Customer' }): boolean {
  if ('change' in news) return news.change.kind === (viewer.__typename === 'User' ? 'CREATED' : 'MOVED')
  return news.addition.message !== null && !isBy(news.addition.message, viewer)
}

/** The latest change of interest to the viewer. */
export function News({ news }: { news: LatestNews | undefined }) {
  return (
    <p role="status" className="news">
      {news && 'change' in news && <TicketNews change={news.change} />}
      {news && 'addition' in news && <MessageNews addition={news.addition} />}
    </p>
  )
}

function TicketNews({ change: { kind, ticket } }: { change: TicketChange }) {
  const { side } = useAddress()
  if (!ticket) return null
  const name = <a href={addressOf(side, ticket.id)}>{nameOfTicket(ticket)}</a>
  if (kind === 'MOVED') {
    return (
      <>
        Your ticket is {statusLabels[ticket.status].toLowerCase()} now: {name}
      </>
    )
  }
  if (!ticket.customer) return null
  return (
    <>
      New ticket of <a href={addressOf(side, ticket.customer.id)}>{ticket.customer.name}</a>: {name}
    </>
  )
}

function MessageNews({ addition: { message } }: { addition: MessageAddition }) {
  const { side } = useAddress()
  const viewer = useViewer()
  if (!message?.ticket) return null
  return (
    <>
      {authorOf(message, viewer)} {message.visibility === 'INTERNAL' ? 'made a note' : 'wrote'} on{' '}
      <a href={addressOf(side, message.ticket.id)}>{nameOfTicket(message.ticket)}</a>
    </>
  )
}
