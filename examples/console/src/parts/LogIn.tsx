import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import type { Session, Side } from '../api/session'
import { CustomerSignup } from '../api/sign-up'
import { Field, Form } from './Form'

const LogInUser = graphql(`
  mutation LogInUser($input: LogInInput!) {
    result: logInUser(input: $input) {
      tokens {
        ...Tokens
      }
      challenge {
        token
        mustEnrol
      }
    }
  }
`)

const LogInCustomer = graphql(`
  mutation LogInCustomer($input: LogInInput!) {
    result: logInCustomer(input: $input) {
      tokens {
        ...Tokens
      }
      challenge {
        token
        mustEnrol
      }
    }
  }
`)

const CompleteLogIn = graphql(`
  mutation CompleteLogIn($input: CompleteLogInInput!) {
    completeLogIn(input: $input) {
      tokens {
        ...Tokens
      }
    }
  }
`)

export function LogIn({ session }: { session: Session }) {
  const { side } = session
  const client = useApolloClient()
  const [challenge, setChallenge] = useState<string>()

  async function submit(values: FormData) {
    const { data } = await client.mutate({
      mutation: side === 'staff' ? LogInUser : LogInCustomer,
      variables: { input: { email: String(values.get('email')), password: String(values.get('password')) } },
    })
    const { tokens, challenge } = data?.result ?? {}
    if (challenge?.mustEnrol)
      throw new Error('Your account has to set up two-factor authentication before it can log in here.')
    if (challenge) setChallenge(challenge.token)
    if (tokens) await session.begin(tokens)
  }

  async function submitCode(token: string, values: FormData) {
    const input = { challenge: token, code: String(values.get('code')) }
    const { data } = await client.mutate({ mutation: CompleteLogIn, variables: { input } })
    if (data?.completeLogIn) await session.begin(data.completeLogIn.tokens)
  }

  if (challenge) {
    return (
      <Form label="Second step" submitLabel="Log in" onSubmit={(values) => submitCode(challenge, values)}>
        <Field label="Code of your app, or a recovery code" name="code">
          {(control) => <input {...control} autoComplete="one-time-code" required autoFocus />}
        </Field>
      </Form>
    )
  }
  return (
    <>
      <Form label="Log in" submitLabel="Log in" onSubmit={submit}>
        <Field label="E-mail" name="email">
          {(control) => <input {...control} type="email" autoComplete="username" required autoFocus />}
        </Field>
        <Field label="Password" name="password">
          {(control) => <input {...control} type="password" autoComplete="current-password" required />}
        </Field>
      </Form>
      <p className="aside">
        <a href={addressOf(side, 'forgot')}>Forgot your password?</a>
      </p>
      <SignUpLink side={side} />
    </>
  )
}

/** Leads to the sign-up, if there is one. */
function SignUpLink({ side }: { side: Side }) {
  const { data } = useQuery(CustomerSignup, { skip: side === 'staff' })
  if (data && !['OPEN', 'VERIFIED'].includes(data.customerSignup)) return null
  return (
    <p className="aside">
      {side === 'staff' ? 'Nobody has an account yet? The first one becomes the admin.' : 'No account yet?'}{' '}
      <a href={addressOf(side, 'sign-up')}>Sign up</a>
    </p>
  )
}
