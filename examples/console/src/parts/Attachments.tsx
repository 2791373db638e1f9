import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { graphql } from '../api/generated'
import type { AttachmentFragment } from '../api/generated/graphql'
import { type Problem, problemOf } from '../api/problem'
import { serverUrl } from '../api/url'
import { kilobytes } from './labels'
import { ProblemMessage } from './ProblemMessage'

graphql(`
  fragment Attachment on Attachment {
    id
    fileName
    size
    thumbnailUrl
  }
`)

const AttachmentUrl = graphql(`
  query AttachmentUrl($id: ID!) {
    node(id: $id) {
      __typename
      ... on Attachment {
        id
        url
      }
    }
  }
`)

/** The files of a message or a request. */
export function Attachments({ files }: { files: AttachmentFragment[] }) {
  const client = useApolloClient()
  const [problem, setProblem] = useState<Problem>()
  if (files.length === 0) return null

  /** An address holds for some minutes only, so each download has its own. The browser saves the file and stays on the page. */
  async function download(id: string) {
    setProblem(undefined)
    try {
      const { data } = await client.query({ query: AttachmentUrl, variables: { id }, fetchPolicy: 'no-cache' })
      const url = data?.node?.__typename === 'Attachment' ? data.node.url : null
      if (url) window.location.assign(serverUrl(url))
    } catch (error) {
      setProblem(problemOf(error))
    }
  }

  return (
    <>
      <ul className="files" aria-label="Files">
        {files.map(({ id, fileName, size, thumbnailUrl }) => (
          <li key={id}>
            {thumbnailUrl && <img src={serverUrl(thumbnailUrl)} alt="" />}
            <button type="button" className="link" onClick={() => download(id)}>
              {fileName}
            </button>{' '}
            <small>{kilobytes(size)}</small>
          </li>
        ))}
      </ul>
      {problem && <ProblemMessage problem={problem} />}
    </>
  )
}
