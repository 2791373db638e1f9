import type { MessageFragment } from '../api/generated/graphql'
import type { ThreadTicket } from '../api/thread'
import { useCopies } from '../copies'
import type { Writing } from '../drafts'
import { useSending } from '../sending'
import { useUploads } from '../uploads'
import { useViewer } from '../viewer'
import { Attach } from './Attach'
import { CopyField } from './CopyField'
import { DraftState } from './DraftState'
import { Field, Form } from './Form'
import { authorOf, Options, statusLabels } from './labels'

interface ComposeProps {
  ticket: ThreadTicket
  draft: Writing
}

/** Writes a reply or, for the staff, a note. A text stays when it can't be sent. */
export function Compose({ ticket, draft }: ComposeProps) {
  const isStaff = useViewer().__typename === 'User'
  const copies = useCopies(ticket)
  const files = useUploads()
  const { submit, crossing } = useSending(ticket, { draft, copies, files })
  const isNote = draft.visibility === 'INTERNAL'
  if (!ticket.viewerCan.includes('REPLY')) return null

  function write(body: string) {
    draft.write({ body })
    if (isStaff && !isNote) copies.freeze()
  }

  return (
    <section className={isNote ? 'compose internal' : 'compose'} aria-label="Write">
      {isStaff && ticket.viewerCan.includes('ADD_NOTE') && <KindChoice draft={draft} />}
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
                readOnly={draft.isSending}
                value={draft.body}
                onChange={(event) => write(event.target.value)}
                onBlur={draft.save}
              />
            )}
          </Field>
          <DraftState draft={draft} />
        </Attach>
        {isStaff && !isNote && <CopyField value={copies.value} onChange={copies.change} offered={copies.offered} />}
        {isStaff && !isNote && <StatusChoice ticket={ticket} />}
      </Form>
    </section>
  )
}

function StatusChoice({ ticket }: { ticket: ThreadTicket }) {
  return (
    <Field label="Status afterwards" name="status">
      {(control) => (
        <select {...control}>
          <option value="">as it is: {statusLabels[ticket.status]}</option>
          <Options labels={statusLabels} only={ticket.allowedTransitions} />
        </select>
      )}
    </Field>
  )
}

/** For whom the text is. It stays while that changes. */
function KindChoice({ draft: { visibility, write, isSending } }: { draft: Writing }) {
  return (
    <fieldset className="choice" disabled={isSending}>
      <legend>For whom</legend>
      <label>
        <input
          type="radio"
          name="kind"
          checked={visibility === 'PUBLIC'}
          onChange={() => write({ visibility: 'PUBLIC' })}
        />{' '}
        Reply to the customer
      </label>
      <label>
        <input
          type="radio"
          name="kind"
          checked={visibility === 'INTERNAL'}
          onChange={() => write({ visibility: 'INTERNAL' })}
        />{' '}
        Internal note
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
