import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import { moment } from './labels'
import { ProblemMessage } from './ProblemMessage'

graphql(`
  fragment Invited on Viewer {
    ... on User {
      id
      invitedAt
    }
    ... on Customer {
      id
      invitedAt
    }
  }
`)

const ResendInvitation = graphql(`
  mutation ResendInvitation($input: ResendInvitationInput!) {
    resendInvitation(input: $input) {
      account {
        ...Invited
      }
    }
  }
`)

const RevokeInvitation = graphql(`
  mutation RevokeInvitation($input: RevokeInvitationInput!) {
    revokeInvitation(input: $input) {
      account {
        ...Invited
      }
    }
  }
`)

interface InvitationProps {
  account: { id: string; name: string; invitedAt: string }
  onRevoked?: () => void
}

/** An invitation that somebody has not accepted yet: since when, and what can be done about it. */
export function Invitation({ account: { id, name, invitedAt }, onRevoked }: InvitationProps) {
  const ignore = { onError: () => undefined }
  const [resend, resent] = useMutation(ResendInvitation, ignore)
  const [revoke, revoked] = useMutation(RevokeInvitation, { ...ignore, onCompleted: () => onRevoked?.() })
  const isBusy = resent.loading || revoked.loading
  const error = resent.error ?? revoked.error
  return (
    <div className="actions">
      <span>invited {moment(invitedAt)}</span>
      <button
        type="button"
        aria-label={`Send the invitation of ${name} again`}
        disabled={isBusy}
        onClick={() => resend({ variables: { input: { id } } })}
      >
        Send again
      </button>
      <button
        type="button"
        aria-label={`Revoke the invitation of ${name}`}
        disabled={isBusy}
        onClick={() =>
          window.confirm(`Revoke the invitation of ${name}? Its link won’t work any more.`) &&
          revoke({ variables: { input: { id } } })
        }
      >
        Revoke
      </button>
      <span role="status">{resent.data && !error && 'Sent again.'}</span>
      {error && <ProblemMessage problem={problemOf(error)} />}
    </div>
  )
}
