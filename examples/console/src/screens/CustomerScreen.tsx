import { useQuery } from '@apollo/client/react'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import { InteractionList } from '../parts/InteractionList'
import { ProblemMessage } from '../parts/ProblemMessage'

const OwnInteractions = graphql(`
  query OwnInteractions($after: String) {
    viewer {
      __typename
      ... on Customer {
        id
        interactions(first: 10, after: $after) {
          ...InteractionPage
        }
      }
    }
  }
`)

/** A customer's own interactions, and the tickets on them. */
export function CustomerScreen() {
  const { data, error, fetchMore } = useQuery(OwnInteractions)
  return (
    <main className="single">
      <h2>Your interactions</h2>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data?.viewer?.__typename === 'Customer' && (
        <InteractionList page={data.viewer.interactions} onMore={(after) => fetchMore({ variables: { after } })} />
      )}
    </main>
  )
}
