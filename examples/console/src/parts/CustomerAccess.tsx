import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { CustomerAccessFragment } from '../api/generated/graphql'
import { problemOf } from '../api/problem'
import { Invitation } from './Invitation'
import { ProblemMessage } from './ProblemMessage'

graphql(`
  fragment CustomerAccess on Customer {
    id
    name
    email
    canLogIn
    invitedAt
  }
`)

const InviteCustomer = graphql(`
  mutation InviteCustomer($input: InviteCustomerInput!) {
    inviteCustomer(input: $input) {
      customer {
        ...CustomerAccess
      }
    }
  }
`)

/** Whether a customer can log in and, if not, the invitation to do so. */
export function CustomerAccess({ customer }: { customer: CustomerAccessFragment }) {
  const [invite, { error, loading }] = useMutation(InviteCustomer, { onError: () => undefined })
  const { id, name, email, canLogIn, invitedAt } = customer
  if (canLogIn) return <p className="facts">has an account</p>
  if (invitedAt) return <Invitation account={{ id, name, invitedAt }} />
  if (!email) return <p className="facts">has no e-mail address, and so no account</p>
  return (
    <div className="actions">
      <button type="button" disabled={loading} onClick={() => invite({ variables: { input: { id } } })}>
        Invite
      </button>
      {error && <ProblemMessage problem={problemOf(error)} />}
    </div>
  )
}
