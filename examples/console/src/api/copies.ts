import type { MessageFragment } from './generated/graphql'
import { isBy } from './messages'
import type { ThreadTicket } from './thread'

/** Whom the next reply on a ticket could be copied to, besides its customer. */
export interface Copies {
  /** Those who get a copy unless the author of the reply takes them out. */
  chosen: string[]
  /** Those whom only the author of the reply may choose. */
  offered: string[]
}

/** How many addresses a reply is copied to at most. */
const most = 10

/**
 * Returns everybody in the conversation, as the last message or the mail that raised the ticket names them. Anybody can write any
 * address into a mail, so addresses are only offered if the sender isn't verified. They are also only offered if the last message may be
 * among the earlier ones, which haven't been read, or if the customer wrote it on a page, where they can't name anybody.
 */
export function copiesOf(ticket: ThreadTicket): Copies {
  const { edges, pageInfo } = ticket.messages
  const decisive = edges
    .map(({ node }) => node)
    .filter(({ visibility, automatic }) => visibility === 'PUBLIC' && !automatic)
    .reverse()
  const [last] = decisive
  if (!last) return copies(ticket.cc, !pageInfo.hasPreviousPage && ticket.source?.senderVerified === true)
  if (last.channel === 'API' && ticket.customer && isBy(last, ticket.customer)) {
    return copies([...decisive.flatMap(namedIn), ...ticket.cc], false)
  }
  return copies(namedIn(last), last.channel === 'API' || last.senderVerified === true)
}

/** The addresses that a message names, and the one of an author who has no account. */
function namedIn({ author, cc }: MessageFragment): string[] {
  return author && 'email' in author && author.email ? [author.email, ...cc] : [...cc]
}

function copies(addresses: readonly string[], isTrusted: boolean): Copies {
  const all = [...new Set(addresses)]
  return isTrusted ? { chosen: all.slice(0, most), offered: all.slice(most) } : { chosen: [], offered: all }
}

/** The addresses in a text, however they are separated. */
export const addressesIn = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)
