import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import type { Session, Side } from '../api/session'
import { CustomerSignup } from '../api/sign-up'
import { Field, Form } from './Form'
import { SecondStep } from './SecondStep'
import { TwoFactorSetup } from './TwoFactorSetup'

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

export function LogIn({ session }: { session: Session }) {
  const { side } = session
  const client = useApolloClient()
  const [challenge, setChallenge] = useState<{ token: string; mustEnrol: boolean }>()

  async function submit(values: FormData) {
    const { data } = await client.mutate({
      mutation: side === 'staff' ? LogInUser : LogInCustomer,
      variables: { input: { email: String(values.get('email')), password: String(values.get('password')) } },
    })
    if (data?.result?.tokens) await session.begin(data.result.tokens)
    setChallenge(data?.result?.challenge ?? undefined)
  }

  if (challenge) {
    const { token, mustEnrol } = challenge
    return (
      <>
        {mustEnrol ? (
          <TwoFactorSetup challenge={token} onDone={(tokens) => tokens && session.begin(tokens)} />
        ) : (
          <SecondStep challenge={token} session={session} />
        )}
        <p className="aside">
          <button type="button" className="link" onClick={() => setChallenge(undefined)}>
            Begin again
          </button>
        </p>
      </>
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
