import type { MessageFragment } from './generated/graphql'
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
 * address into a mail, so those that a sender names who isn't verified are only offered.
 */
export function copiesOf(ticket: ThreadTicket, messages: MessageFragment[]): Copies {
  const last = messages.filter(({ visibility, automatic }) => visibility === 'PUBLIC' && !automatic).at(-1)
  if (!last) return copies(ticket.cc, ticket.source?.senderVerified === true)
  const { author, cc, channel, senderVerified } = last
  const outsider = author && 'email' in author && author.email
  return copies(outsider ? [outsider, ...cc] : cc, channel === 'API' || senderVerified === true)
}

const copies = (addresses: readonly string[], isTrusted: boolean): Copies =>
  isTrusted
    ? { chosen: addresses.slice(0, most), offered: addresses.slice(most) }
    : { chosen: [], offered: [...addresses] }

/** The addresses in a text, however they are separated. */
export const addressesIn = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)
