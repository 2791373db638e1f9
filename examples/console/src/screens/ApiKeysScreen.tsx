import { useMutation, useQuery } from '@apollo/client/react'
import { useRef, useState } from 'react'
import { graphql } from '../api/generated'
import type { ApiKeysQuery } from '../api/generated/graphql'
import { freshly, forget } from '../api/lists'
import { problemOf } from '../api/problem'
import { Heading } from '../parts/Heading'
import { moment } from '../parts/labels'
import { MoreButton } from '../parts/MoreButton'
import { NewApiKey } from '../parts/NewApiKey'
import { ProblemMessage } from '../parts/ProblemMessage'
import { SecretOnce } from '../parts/SecretOnce'

const ApiKeys = graphql(`
  query ApiKeys($after: String) {
    apiKeys(first: 20, after: $after) {
      edges {
        node {
          id
          name
          role
          readOnly
          allowedNetworks
          createdAt
          expiresAt
          lastUsedAt
          user {
            id
            name
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

const RevokeApiKey = graphql(`
  mutation RevokeApiKey($input: RevokeApiKeyInput!) {
    revokeApiKey(input: $input) {
      revokedId
    }
  }
`)

/** The keys of programs that act for the viewer; admins see those of all. */
export function ApiKeysScreen() {
  const { data, error, fetchMore } = useQuery(ApiKeys, {
    ...freshly,
  })
  // Only this state has the new key: neither the cache nor the address does.
  const [key, setKey] = useState<string>()
  const list = useRef<HTMLHeadingElement>(null)

  function done() {
    setKey(undefined)
    list.current?.focus()
  }

  return (
    <main className="single">
      <Heading>API keys</Heading>
      <p>A program with a key acts for you, with at most your rights.</p>
      {key ? <SecretOnce label="The new key" secret={key} onDone={done} /> : <NewApiKey onCreated={setKey} />}
      <h3 id="keys" ref={list} tabIndex={-1}>
        Keys
      </h3>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data?.apiKeys?.edges.length === 0 && <p className="empty">There are no keys.</p>}
      <ul aria-labelledby="keys">
        {data?.apiKeys?.edges.map(({ node }) => (
          <KeyItem key={node.id} apiKey={node} onRevoked={() => list.current?.focus()} />
        ))}
      </ul>
      {data?.apiKeys && (
        <MoreButton
          label="More keys"
          page={data.apiKeys.pageInfo}
          onMore={(after) => fetchMore({ variables: { after } })}
        />
      )}
    </main>
  )
}

type ApiKey = NonNullable<ApiKeysQuery['apiKeys']>['edges'][number]['node']

function KeyItem({ apiKey, onRevoked }: { apiKey: ApiKey; onRevoked: () => void }) {
  const { id, name, role, readOnly, allowedNetworks, createdAt, expiresAt, lastUsedAt, user } = apiKey
  const [revoke, { error, loading }] = useMutation(RevokeApiKey, {
    update: (cache) => forget(cache, { __typename: 'ApiKey', id }),
    onCompleted: onRevoked,
    onError: () => undefined,
  })
  return (
    <li className="entry">
      <strong>{name}</strong>
      <p className="facts">
        <span className="badge">{role}</span>
        {readOnly && <span>only reads</span>}
        {user && <span>for {user.name}</span>}
        <span>created {moment(createdAt)}</span>
        <span>{lastUsedAt ? `last used ${moment(lastUsedAt)}` : 'never used'}</span>
        <span>{expiresAt ? `ends ${moment(expiresAt)}` : 'doesn’t end'}</span>
        {allowedNetworks.length > 0 && <span>from {allowedNetworks.join(', ')}</span>}
      </p>
      <div className="actions">
        <button
          type="button"
          aria-label={`Revoke ${name}`}
          disabled={loading}
          onClick={() =>
            window.confirm(`Revoke the key “${name}”? Programs that use it lose access at once.`) &&
            revoke({ variables: { input: { id } } })
          }
        >
          Revoke
        </button>
        {error && <ProblemMessage problem={problemOf(error)} />}
      </div>
    </li>
  )
}
