import { useQuery } from '@apollo/client/react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { freshly } from '../api/lists'
import { problemOf } from '../api/problem'
import { Heading } from '../parts/Heading'
import { Invitation } from '../parts/Invitation'
import { InviteUserForm } from '../parts/InviteUser'
import { MoreButton } from '../parts/MoreButton'
import { ProblemMessage } from '../parts/ProblemMessage'
import { useViewer } from '../viewer'

const InvitedUsers = graphql(`
  query InvitedUsers($after: String) {
    users(first: 20, after: $after, where: { invitedAt: { isNull: false } }) {
      edges {
        node {
          id
          name
          email
          role
          invitedAt
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

const InvitedCustomers = graphql(`
  query InvitedCustomers($after: String) {
    customers(first: 20, after: $after, where: { invitedAt: { isNull: false } }) {
      edges {
        node {
          ...CustomerAccess
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

/** Reads a list again that others may have changed. */
/** The invitations that nobody has accepted yet. */
export function InvitationsScreen() {
  const viewer = useViewer()
  return (
    <main className="single">
      <Heading>Invitations</Heading>
      {viewer.__typename === 'User' && viewer.role === 'ADMIN' && <InvitedStaff />}
      <InvitedCustomerList />
    </main>
  )
}

function InvitedStaff() {
  const { data, error, fetchMore } = useQuery(InvitedUsers, freshly)
  // The cache has the end of an invitation before the list is read again.
  const pending = data?.users?.edges.filter(({ node }) => node.invitedAt !== null) ?? []
  return (
    <section className="card" aria-labelledby="staff">
      <h3 id="staff">Staff</h3>
      <InviteUserForm />
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data && pending.length === 0 && <p className="empty">No invitation is pending.</p>}
      <ul aria-labelledby="staff">
        {pending.map(({ node: { id, name, email, role, invitedAt } }) => (
          <li key={id} className="entry">
            <strong>{name}</strong>
            <p className="facts">
              {email !== name && <span>{email}</span>}
              <span className="badge">{role}</span>
            </p>
            <Invitation account={{ id, name, invitedAt: invitedAt! }} />
          </li>
        ))}
      </ul>
      {data?.users && (
        <MoreButton
          label="More invitations"
          page={data.users.pageInfo}
          onMore={(after) => fetchMore({ variables: { after } })}
        />
      )}
    </section>
  )
}

function InvitedCustomerList() {
  const { data, error, fetchMore } = useQuery(InvitedCustomers, freshly)
  const pending = data?.customers?.edges.filter(({ node }) => node.invitedAt !== null) ?? []
  return (
    <section className="card" aria-labelledby="invited">
      <h3 id="invited">Customers</h3>
      <p className="facts">Invite a customer on their own page.</p>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {data && pending.length === 0 && <p className="empty">No invitation is pending.</p>}
      <ul aria-labelledby="invited">
        {pending.map(({ node: { id, name, email, invitedAt } }) => (
          <li key={id} className="entry">
            <a href={addressOf('staff', id)}>{name}</a>
            <p className="facts">{email}</p>
            <Invitation account={{ id, name, invitedAt: invitedAt! }} />
          </li>
        ))}
      </ul>
      {data?.customers && (
        <MoreButton
          label="More invitations"
          page={data.customers.pageInfo}
          onMore={(after) => fetchMore({ variables: { after } })}
        />
      )}
    </section>
  )
}
