import { useQuery } from '@apollo/client/react'
import { useAddress } from '../address'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import { UnverifiedNotice } from '../parts/Address'
import { CustomerTicketList } from '../parts/CustomerTickets'
import { Heading } from '../parts/Heading'
import { InteractionList } from '../parts/InteractionList'
import { ProblemMessage } from '../parts/ProblemMessage'
import { useViewer } from '../viewer'
import { AccountScreen } from './AccountScreen'
import { TicketScreen } from './TicketScreen'

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

export function CustomerScreen() {
  const { open } = useAddress()
  if (open === 'account') return <AccountScreen />
  return open?.startsWith('tkt_') ? <TicketScreen key={open} id={open} /> : <OwnRecords />
}

/** A customer's own tickets and interactions. */
function OwnRecords() {
  const { id } = useViewer()
  const { data, error, fetchMore } = useQuery(OwnInteractions)
  return (
    <main className="single">
      <Heading>Your tickets and interactions</Heading>
      <UnverifiedNotice />
      <CustomerTicketList id={id} />
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data?.viewer?.__typename === 'Customer' && (
        <InteractionList page={data.viewer.interactions} onMore={(after) => fetchMore({ variables: { after } })} />
      )}
    </main>
  )
}
