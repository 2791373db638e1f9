import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { putMessage } from '../api/changes'
import { addressesIn, copiesOf } from '../api/copies'
import { graphql } from '../api/generated'
import type { MessageFragment, TicketStatus } from '../api/generated/graphql'
import { problemOf } from '../api/problem'
import { Thread, type ThreadTicket } from '../api/thread'
import { useDraft } from '../drafts'
import { useUploads } from '../uploads'
import { useViewer } from '../viewer'
import { Attach } from './Attach'
import { CopyField } from './CopyField'
import { DraftState } from './DraftState'
import { Field, Form } from './Form'
import { authorOf, Options, statusLabels } from './labels'

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

interface ComposeProps {
  ticket: ThreadTicket
  /** The messages that the viewer has before them. */
  messages: MessageFragment[]
}

/** Writes a reply or, for the staff, a note. A text stays when it can't be sent. */
export function Compose({ ticket, messages }: ComposeProps) {
  const client = useApolloClient()
  const { __typename } = useViewer()
  const draft = useDraft(ticket)
  // Undefined until the viewer changes what is chosen for them.
  const [copyTo, setCopyTo] = useState<string>()
  const [crossing, setCrossing] = useState<MessageFragment[]>([])
  const files = useUploads()
  const isStaff = __typename === 'User'
  const isNote = draft.visibility === 'INTERNAL'
  const copies = copiesOf(ticket, messages)
  if (!ticket.viewerCan.includes('REPLY')) return null

  async function addNote(body: string) {
    const { data } = await client.mutate({
      mutation: AddTicketNote,
      variables: { input: { ticketId: ticket.id, body, attachments: files.ids } },
    })
    if (data?.addTicketNote) putMessage(client.cache, ticket, data.addTicketNote.message)
  }

  async function reply(body: string, cc: string[], status: TicketStatus | null) {
    const last = messages.at(-1)?.id ?? null
    try {
      const { data } = await client.mutate({
        mutation: ReplyToTicket,
        variables: {
          input: {
            ticketId: ticket.id,
            body,
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
      setCopyTo(undefined)
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
    const { body } = draft
    const status = (values.get('status') || null) as TicketStatus | null
    await draft.send(() => (isNote ? addNote(body) : reply(body, addressesIn(String(values.get('cc') ?? '')), status)))
    files.clear()
  }

  return (
    <section className={isNote ? 'compose internal' : 'compose'} aria-label="Write">
      {isStaff && ticket.viewerCan.includes('ADD_NOTE') && (
        <KindChoice
          isNote={isNote}
          onChoose={(isNote) => draft.write({ visibility: isNote ? 'INTERNAL' : 'PUBLIC' })}
        />
      )}
      <Form
        label={isNote ? 'Internal note' : 'Reply'}
        submitLabel={isNote ? 'Add the note' : 'Send the reply'}
        isWaiting={files.isBusy}
        onSubmit={submit}
      >
        {crossing.length > 0 && <Crossing messages={crossing} />}
        <Attach files={files}>
          <Field label={isNote ? 'Note, which customers never see' : 'Your reply'} name="body">
            {(control) => (
              <textarea
                {...control}
                rows={4}
                required
                value={draft.body}
                onChange={(event) => draft.write({ body: event.target.value })}
                onBlur={draft.save}
              />
            )}
          </Field>
          <DraftState isSaved={draft.isSaved} problem={draft.problem} />
        </Attach>
        {isStaff && !isNote && (
          <CopyField value={copyTo ?? copies.chosen.join(', ')} onChange={setCopyTo} offered={copies.offered} />
        )}
        {isStaff && !isNote && (
          <Field label="Status afterwards" name="status">
            {(control) => (
              <select {...control}>
                <option value="">as it is: {statusLabels[ticket.status]}</option>
                <Options labels={statusLabels} only={ticket.allowedTransitions} />
              </select>
            )}
          </Field>
        )}
      </Form>
    </section>
  )
}

/** The text stays while the kind changes. */
function KindChoice({ isNote, onChoose }: { isNote: boolean; onChoose: (isNote: boolean) => void }) {
  return (
    <fieldset className="choice">
      <legend>For whom</legend>
      <label>
        <input type="radio" name="kind" checked={!isNote} onChange={() => onChoose(false)} /> Reply to the customer
      </label>
      <label>
        <input type="radio" name="kind" checked={isNote} onChange={() => onChoose(true)} /> Internal note
      </label>
    </fieldset>
  )
}

/** What others wrote while the viewer was writing. */
function Crossing({ messages }: { messages: MessageFragment[] }) {
  const viewer = useViewer()
  return (
    <section className="crossing" aria-label="Written meanwhile">
      <p>Written meanwhile:</p>
      {messages.map((message) => (
        <blockquote key={message.id}>
          <strong>{authorOf(message, viewer)}:</strong> <span className="text">{message.bodyText}</span>
        </blockquote>
      ))}
    </section>
  )
}
