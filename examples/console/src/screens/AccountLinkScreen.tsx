import type { ApolloClient } from '@apollo/client'
import { useState } from 'react'
import { type AccountLink, homeOf } from '../address'
import { newAnonymousClient } from '../api/client'
import { graphql } from '../api/generated'
import type { TokensFragment } from '../api/generated/graphql'
import type { Session, Side } from '../api/session'
import { Field, Form } from '../parts/Form'
import { Heading } from '../parts/Heading'
import { TokenField } from '../parts/TokenField'

const ResetPassword = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      audience
    }
  }
`)

const UndoEmailChange = graphql(`
  mutation UndoEmailChange($input: UndoEmailChangeInput!) {
    undoEmailChange(input: $input) {
      audience
    }
  }
`)

const AcceptInvitation = graphql(`
  mutation AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      viewer {
        __typename
      }
      tokens {
        ...Tokens
      }
    }
  }
`)

const CompleteSignUp = graphql(`
  mutation CompleteSignUp($input: CompleteSignUpInput!) {
    completeSignUp(input: $input) {
      tokens {
        ...Tokens
      }
    }
  }
`)

interface Choice {
  token: string
  password: string
  /** Null leaves the name that is on record. */
  name: string | null
}

/** The side that the account is on, and its tokens if it is logged in now. */
interface Outcome {
  side: Side
  tokens?: TokensFragment
}

interface Page {
  title: string
  submitLabel: string
  asksForName: boolean
  send: (client: ApolloClient, choice: Choice) => Promise<Outcome | undefined>
}

const pages: Record<AccountLink['action'], Page> = {
  'reset-password': {
    title: 'Choose a new password',
    submitLabel: 'Change the password',
    asksForName: false,
    async send(client, { token, password }) {
      const { data } = await client.mutate({
        mutation: ResetPassword,
        variables: { input: { token, newPassword: password } },
      })
      return data?.resetPassword ? { side: data.resetPassword.audience === 'USER' ? 'staff' : 'customer' } : undefined
    },
  },
  'undo-email-change': {
    title: 'Take your former address back',
    submitLabel: 'Restore the address',
    asksForName: false,
    async send(client, { token, password }) {
      const { data } = await client.mutate({
        mutation: UndoEmailChange,
        variables: { input: { token, newPassword: password } },
      })
      return data?.undoEmailChange
        ? { side: data.undoEmailChange.audience === 'USER' ? 'staff' : 'customer' }
        : undefined
    },
  },
  'accept-invitation': {
    title: 'Welcome',
    submitLabel: 'Accept the invitation',
    asksForName: true,
    async send(client, choice) {
      const { data } = await client.mutate({ mutation: AcceptInvitation, variables: { input: choice } })
      if (!data?.acceptInvitation) return undefined
      const { viewer, tokens } = data.acceptInvitation
      return { side: viewer.__typename === 'User' ? 'staff' : 'customer', tokens }
    },
  },
  'sign-up': {
    title: 'Complete your sign-up',
    submitLabel: 'Sign up',
    asksForName: true,
    async send(client, choice) {
      const { data } = await client.mutate({ mutation: CompleteSignUp, variables: { input: choice } })
      return data?.completeSignUp ? { side: 'customer', tokens: data.completeSignUp.tokens } : undefined
    },
  },
}

/** The page that a mailed link leads to. Only sending its form uses the link up. */
export function AccountLinkScreen({ link, sessions }: { link: AccountLink; sessions: Record<Side, Session> }) {
  const [client] = useState(newAnonymousClient)
  const [changedOn, setChangedOn] = useState<Side>()
  const { title, submitLabel, asksForName, send } = pages[link.action]

  async function submit(values: FormData) {
    const outcome = await send(client, {
      token: link.token ?? String(values.get('token')),
      password: String(values.get(passwordField)),
      name: String(values.get('name') ?? '') || null,
    })
    if (!outcome) return
    if (!outcome.tokens) return setChangedOn(outcome.side)
    await sessions[outcome.side].begin(outcome.tokens)
    window.location.replace(homeOf(outcome.side))
  }

  const passwordField = asksForName ? 'password' : 'newPassword'
  return (
    <main className="door card">
      <h1>CRM console</h1>
      {changedOn ? (
        <>
          <Heading key="changed">Your password is changed</Heading>
          <p>All sessions of your account have ended.</p>
          <a href={homeOf(changedOn)}>Log in with the new password</a>
        </>
      ) : (
        <>
          <Heading>{title}</Heading>
          <Form label={title} submitLabel={submitLabel} onSubmit={submit}>
            <TokenField token={link.token} />
            {asksForName && (
              <Field label="Name (leave it empty if we know it)" name="name">
                {(control) => <input {...control} autoComplete="name" />}
              </Field>
            )}
            <Field label="New password" name={passwordField}>
              {(control) => <input {...control} type="password" autoComplete="new-password" required />}
            </Field>
          </Form>
          <p className="aside">
            <a href={homeOf('staff')}>Log-in of the staff</a>, <a href={homeOf('customer')}>of customers</a>
          </p>
        </>
      )}
    </main>
  )
}
