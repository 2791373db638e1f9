import { useMutation } from '@apollo/client/react'
import { useState } from 'react'
import { graphql } from '../api/generated'
import type { MessageFragment } from '../api/generated/graphql'
import { forget } from '../api/lists'
import { isBy } from '../api/messages'
import { problemOf } from '../api/problem'
import { useViewer } from '../viewer'
import { Attachments } from './Attachments'
import { CopiedTo } from './CopiedTo'
import { EarlierTexts } from './EarlierTexts'
import { Field, Form } from './Form'
import { FormattedText } from './FormattedText'
import { authorOf, moment } from './labels'
import { ProblemMessage } from './ProblemMessage'

const EditMessage = graphql(`
  mutation EditMessage($input: EditMessageInput!) {
    editMessage(input: $input) {
      message {
        ...Message
      }
    }
  }
`)

const DeleteMessage = graphql(`
  mutation DeleteMessage($input: DeleteMessageInput!) {
    deleteMessage(input: $input) {
      deletedId
    }
  }
`)

interface MessageItemProps {
  message: MessageFragment
  /** Finds another place for the focus. */
  onDeleted: () => void
}

/** A message. Notes differ from what the customer reads by their label and their border, not only by their colour. */
export function MessageItem({ message, onDeleted }: MessageItemProps) {
  const viewer = useViewer()
  const [mode, setMode] = useState<'read' | 'edit' | 'edited'>('read')
  const { visibility, bodyText, createdAt, editedAt, channel, automatic, senderVerified, attachments, cc } = message
  return (
    <li className={['message', visibility.toLowerCase(), isBy(message, viewer) && 'own'].filter(Boolean).join(' ')}>
      <p className="facts">
        <strong>{authorOf(message, viewer)}</strong>
        {visibility === 'INTERNAL' && <span className="badge">Internal note</span>}
        <time dateTime={createdAt}>{moment(createdAt)}</time>
        {editedAt && <span>edited</span>}
        {channel === 'EMAIL' && <span>by mail</span>}
        {automatic && <span className="badge">automatic</span>}
        {viewer.__typename === 'User' && senderVerified === false && (
          <span className="badge bad">sender not verified</span>
        )}
        <CopiedTo cc={cc} isMail={channel === 'EMAIL'} />
      </p>
      {mode === 'edit' ? (
        <EditForm message={message} onDone={() => setMode('edited')} />
      ) : (
        <>
          <p className="text">{bodyText}</p>
          {channel === 'EMAIL' && <FormattedText mail={message} />}
          <Attachments files={attachments.nodes} />
          <EarlierTexts texts={message.earlierTexts} />
          <MessageActions
            message={message}
            isBack={mode === 'edited'}
            onEdit={() => setMode('edit')}
            onDeleted={onDeleted}
          />
        </>
      )}
    </li>
  )
}

interface MessageActionsProps {
  message: MessageFragment
  /** Whether the editing has just ended, so that the focus comes back to its button. */
  isBack: boolean
  onEdit: () => void
  onDeleted: () => void
}

function MessageActions({ message, isBack, onEdit, onDeleted }: MessageActionsProps) {
  const { id, version, viewerCan } = message
  const [remove, { error }] = useMutation(DeleteMessage, {
    update: (cache) => forget(cache, { __typename: 'TicketMessage', id }),
    onCompleted: onDeleted,
    onError: () => undefined,
  })
  return (
    <div className="actions">
      {viewerCan.includes('EDIT') && (
        <button type="button" className="link" autoFocus={isBack} onClick={onEdit}>
          Edit
        </button>
      )}
      {viewerCan.includes('DELETE') && (
        <button
          type="button"
          className="link"
          onClick={() =>
            window.confirm('Delete this message for everybody?') &&
            remove({ variables: { input: { id, expectedVersion: version } } })
          }
        >
          Delete
        </button>
      )}
      {error && <ProblemMessage problem={problemOf(error)} />}
    </div>
  )
}

function EditForm({ message: { id, version, bodyText }, onDone }: { message: MessageFragment; onDone: () => void }) {
  const [edit] = useMutation(EditMessage)

  async function submit(values: FormData) {
    await edit({ variables: { input: { id, expectedVersion: version, body: String(values.get('body')) } } })
    onDone()
  }

  return (
    <>
      <Form label="Edit the message" submitLabel="Save" onSubmit={submit}>
        <Field label="Text" name="body">
          {(control) => <textarea {...control} autoFocus rows={4} defaultValue={bodyText} required />}
        </Field>
      </Form>
      <button type="button" className="link" onClick={onDone}>
        Cancel
      </button>
    </>
  )
}
