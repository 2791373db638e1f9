import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { putMessage } from './api/changes'
import { addressesIn } from './api/copies'
import { graphql } from './api/generated'
import type { MessageFragment, TicketStatus } from './api/generated/graphql'
import { problemOf } from './api/problem'
import { Thread, type ThreadTicket } from './api/thread'
import type { useCopies } from './copies'
import type { Writing } from './drafts'
import type { useUploads } from './uploads'

const ReplyToTicket = graphql(`
  mutation ReplyToTicket($input: ReplyToTicketInput!) {
    replyToTicket(input: $input) {
      message {
        ...Message
      }
      ticket {
        ...Ticket
      }
    }
  }
`)

const AddTicketNote = graphql(`
  mutation AddTicketNote($input: AddTicketNoteInput!) {
    addTicketNote(input: $input) {
      message {
        ...Message
      }
    }
  }
`)

/** What a message is made of. */
interface Parts {
  draft: Writing
  copies: ReturnType<typeof useCopies>
  files: ReturnType<typeof useUploads>
}

/** Returns `submit`, which sends a message on a ticket, and what others wrote meanwhile if it was refused for that. */
export function useSending(ticket: ThreadTicket, { draft, copies, files }: Parts) {
  const client = useApolloClient()
  const [crossing, setCrossing] = useState<MessageFragment[]>([])

  async function addNote() {
    const { data } = await client.mutate({
      mutation: AddTicketNote,
      variables: { input: { ticketId: ticket.id, body: draft.body, attachments: files.ids } },
    })
    if (data?.addTicketNote) putMessage(client.cache, ticket, data.addTicketNote.message)
  }

  async function reply(cc: string[], status: TicketStatus | null) {
    const last = ticket.messages.edges.at(-1)?.node.id ?? null
    try {
      const { data } = await client.mutate({
        mutation: ReplyToTicket,
        variables: {
          input: {
            ticketId: ticket.id,
            body: draft.body,
            cc,
            status,
            expectedVersion: status && ticket.version,
            expectedLastMessageId: last,
            attachments: files.ids,
          },
        },
      })
      if (data?.replyToTicket) putMessage(client.cache, ticket, data.replyToTicket.message)
      setCrossing([])
      copies.end()
    } catch (error) {
      if (problemOf(error).code === 'CONFLICT') setCrossing(await readAfter(last).catch(() => []))
      throw error
    }
  }

  /** Reads the thread again, and returns what has come after a message. The next reply is then based on that. */
  async function readAfter(last: string | null): Promise<MessageFragment[]> {
    const { data } = await client.query({ query: Thread, variables: { id: ticket.id }, fetchPolicy: 'network-only' })
    const now = data?.ticket?.messages.edges.map(({ node }) => node) ?? []
    return now.slice(now.findIndex(({ id }) => id === last) + 1)
  }

  async function submit(values: FormData) {
    const status = (values.get('status') || null) as TicketStatus | null
    const cc = addressesIn(String(values.get('cc') ?? ''))
    await draft.send(() => (draft.visibility === 'INTERNAL' ? addNote() : reply(cc, status)))
    files.clear()
  }

  return { submit, crossing }
}
