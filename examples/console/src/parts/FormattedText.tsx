import { useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { graphql } from '../api/generated'
import type { MessageFragment } from '../api/generated/graphql'
import { pageOf } from '../api/page'
import { problemOf } from '../api/problem'
import { useViewer } from '../viewer'
import { authorOf, moment } from './labels'
import { ProblemMessage } from './ProblemMessage'

// Not in the cache: the addresses of the images in it hold for some minutes only.
const FormattedMail = graphql(`
  query FormattedMail($id: ID!, $remoteImages: Boolean!) {
    node(id: $id) {
      __typename
      ... on TicketMessage {
        id
        html: bodyHtml(remoteImages: $remoteImages)
      }
      ... on Ticket {
        id
        html: descriptionHtml(remoteImages: $remoteImages)
      }
    }
  }
`)

/** The attribute to which the server moves the address of an image that isn't loaded. */
const remoteSource = ' data-remote-src='

interface FormattedTextProps {
  /** A message, or a ticket with the customer who raised it. */
  mail: Pick<MessageFragment, 'id' | 'author' | 'createdAt'>
}

/**
 * The whole text of the mail of a message or a ticket as its sender formatted it, once the reader opens it. Nothing runs in its frame,
 * which has no access to the page, and images from elsewhere are loaded only if the reader wants them.
 */
export function FormattedText({ mail }: FormattedTextProps) {
  const { id, createdAt } = mail
  const [isOpen, setOpen] = useState(false)
  const [remoteImages, setRemoteImages] = useState(false)
  const { data, previousData, error } = useQuery(FormattedMail, {
    variables: { id, remoteImages },
    skip: !isOpen,
    fetchPolicy: 'no-cache',
  })
  const node = (data ?? previousData)?.node
  const html = node && 'html' in node ? node.html : undefined
  // There may be several on the page.
  const name = `Formatted text by ${authorOf(mail, useViewer())}, ${moment(createdAt)}`
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary aria-label={name}>Formatted text</summary>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {html === null && (
        <p role="status" className="hint">
          There is no formatted text, or the text has been changed since.
        </p>
      )}
      {html && (
        <>
          {(remoteImages || html.includes(remoteSource)) && (
            <label className="hint">
              <input
                type="checkbox"
                checked={remoteImages}
                onChange={(event) => setRemoteImages(event.target.checked)}
              />{' '}
              Load images from elsewhere, which tells their owner that you read this
            </label>
          )}
          <iframe
            className="mail"
            title={name}
            sandbox="allow-popups allow-popups-to-escape-sandbox"
            referrerPolicy="no-referrer"
            srcDoc={pageOf(html, remoteImages)}
          />
        </>
      )}
    </details>
  )
}
