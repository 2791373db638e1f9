import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import type { Session, Side } from '../api/session'
import { CustomerSignup } from '../api/sign-up'
import { Challenged, type Challenge } from './Challenged'
import { Field, Form } from './Form'
import { ProviderButtons } from './ProviderButtons'

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
  const [challenge, setChallenge] = useState<Challenge>()

  async function submit(values: FormData) {
    const { data } = await client.mutate({
      mutation: side === 'staff' ? LogInUser : LogInCustomer,
      variables: { input: { email: String(values.get('email')), password: String(values.get('password')) } },
    })
    if (data?.result?.tokens) await session.begin(data.result.tokens)
    setChallenge(data?.result?.challenge ?? undefined)
  }

  if (challenge) {
    return (
      <>
        <Challenged challenge={challenge} session={session} />
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
      <ProviderButtons side={side} />
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
