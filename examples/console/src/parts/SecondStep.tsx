import { useApolloClient } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { Session } from '../api/session'
import { Field, Form } from './Form'

const CompleteLogIn = graphql(`
  mutation CompleteLogIn($input: CompleteLogInInput!) {
    completeLogIn(input: $input) {
      tokens {
        ...Tokens
      }
    }
  }
`)

/** The second step of the log-in to an account with two-factor authentication. */
export function SecondStep({ challenge, session }: { challenge: string; session: Session }) {
  const client = useApolloClient()

  async function submit(values: FormData) {
    const input = { challenge, code: String(values.get('code')) }
    const { data } = await client.mutate({ mutation: CompleteLogIn, variables: { input } })
    if (data?.completeLogIn) await session.begin(data.completeLogIn.tokens)
  }

  return (
    <Form label="Second step" submitLabel="Log in" onSubmit={submit}>
      <Field label="Code of your app, or a recovery code" name="code">
        {(control) => <input {...control} {...oneTimeCode} autoFocus />}
      </Field>
    </Form>
  )
}

/** Lets a telephone fill in the code of an app. */
export const oneTimeCode = { autoComplete: 'one-time-code', autoCapitalize: 'none', spellCheck: false, required: true }
