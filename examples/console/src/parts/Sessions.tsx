import { useMutation, useQuery } from '@apollo/client/react'
import { useRef } from 'react'
import { graphql } from '../api/generated'
import { freshly, forget } from '../api/lists'
import { problemOf } from '../api/problem'
import { moment } from './labels'
import { MoreButton } from './MoreButton'
import { ProblemMessage } from './ProblemMessage'

const Sessions = graphql(`
  query Sessions($after: String) {
    sessions(first: 20, after: $after) {
      edges {
        node {
          id
          device
          network
          createdAt
          lastUsedAt
          current
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

const EndSession = graphql(`
  mutation EndSession($input: EndSessionInput!) {
    endSession(input: $input) {
      endedId
    }
  }
`)

/** Where the viewer is logged in. This session is ended by logging out. */
export function SessionList() {
  const { data, error, fetchMore } = useQuery(Sessions, {
    ...freshly,
  })
  const heading = useRef<HTMLHeadingElement>(null)
  const [end, ended] = useMutation(EndSession, {
    update(cache, { data }) {
      if (data?.endSession) forget(cache, { __typename: 'Session', id: data.endSession.endedId })
    },
    onCompleted: () => heading.current?.focus(),
    onError: () => undefined,
  })
  return (
    <section className="card" aria-labelledby="sessions">
      <h3 id="sessions" ref={heading} tabIndex={-1}>
        Where you are logged in
      </h3>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {ended.error && <ProblemMessage problem={problemOf(ended.error)} />}
      <ul aria-labelledby="sessions">
        {data?.sessions?.edges.map(({ node: { id, device, network, createdAt, lastUsedAt, current } }) => (
          <li key={id} className="entry">
            <strong>{device ?? 'Unknown program'}</strong>
            <p className="facts">
              {current && <span className="badge">this one</span>}
              {network && <span>{network}</span>}
              <span>since {moment(createdAt)}</span>
              <span>last used {moment(lastUsedAt)}</span>
            </p>
            {!current && (
              <div className="actions">
                <button
                  type="button"
                  aria-label={`End the session of ${device ?? 'an unknown program'} since ${moment(createdAt)}`}
                  disabled={ended.loading}
                  onClick={() => end({ variables: { input: { id } } })}
                >
                  End
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {data?.sessions && (
        <MoreButton
          label="More sessions"
          page={data.sessions.pageInfo}
          onMore={(after) => fetchMore({ variables: { after } })}
        />
      )}
    </section>
  )
}
