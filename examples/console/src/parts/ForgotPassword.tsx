import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import type { Side } from '../api/session'
import { Field, Form } from './Form'
import { LinkSent } from './LinkSent'

const RequestPasswordReset = graphql(`
  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) {
      expiresAt
    }
  }
`)

/** Has a link mailed to choose a new password with. */
export function ForgotPassword({ side }: { side: Side }) {
  const client = useApolloClient()
  const [expiresAt, setExpiresAt] = useState<string>()

  async function submit(values: FormData) {
    const { data } = await client.mutate({
      mutation: RequestPasswordReset,
      variables: { input: { email: String(values.get('email')), audience: side === 'staff' ? 'USER' : 'CUSTOMER' } },
    })
    setExpiresAt(data?.requestPasswordReset?.expiresAt)
  }

  return (
    <>
      {expiresAt ? (
        <LinkSent expiresAt={expiresAt}>
          If there is an account with this address, we have sent it a link to choose a new password with.
        </LinkSent>
      ) : (
        <Form label="Forgot your password" submitLabel="Send me a link" onSubmit={submit}>
          <Field label="E-mail" name="email">
            {(control) => <input {...control} type="email" autoComplete="username" required autoFocus />}
          </Field>
        </Form>
      )}
      <p className="aside">
        <a href={addressOf(side)}>Back to the log-in</a>
      </p>
    </>
  )
}
