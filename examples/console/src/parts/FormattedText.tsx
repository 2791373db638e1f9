import { useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { graphql } from '../api/generated'
import { pageOf } from '../api/page'
import { problemOf } from '../api/problem'
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

/** What an address of an image becomes that the server doesn't let be loaded. */
const held = ' data-remote-src='

/**
 * The whole text of the mail of a message or a ticket as its sender formatted it, once the reader opens it. Nothing runs in its frame,
 * which has no access to the page, and images from elsewhere are loaded only if the reader wants them.
 */
export function FormattedText({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false)
  const [remoteImages, setRemoteImages] = useState(false)
  const { data, previousData, error } = useQuery(FormattedMail, {
    variables: { id, remoteImages },
    skip: !isOpen,
    fetchPolicy: 'no-cache',
  })
  const node = (data ?? previousData)?.node
  const html = node && 'html' in node ? node.html : undefined
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Formatted text</summary>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {html === null && (
        <p role="status" className="hint">
          The mail has plain text only.
        </p>
      )}
      {html && (
        <>
          {(remoteImages || html.includes(held)) && (
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
            title="Formatted text"
            sandbox="allow-popups allow-popups-to-escape-sandbox"
            referrerPolicy="no-referrer"
            srcDoc={pageOf(html, remoteImages)}
          />
        </>
      )}
    </details>
  )
}
