import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import type { Session } from '../api/session'
import { CustomerSignup } from '../api/sign-up'
import { Field, Form } from './Form'
import { LinkSent } from './LinkSent'
import { ProblemMessage } from './ProblemMessage'

const SignUpUser = graphql(`
  mutation SignUpUser($input: SignUpUserInput!) {
    result: signUpUser(input: $input) {
      tokens {
        ...Tokens
      }
    }
  }
`)

const SignUpCustomer = graphql(`
  mutation SignUpCustomer($input: SignUpCustomerInput!) {
    result: signUpCustomer(input: $input) {
      tokens {
        ...Tokens
      }
      expiresAt
    }
  }
`)

const RequestSignUp = graphql(`
  mutation RequestSignUp($input: RequestSignUpInput!) {
    requestSignUp(input: $input) {
      expiresAt
    }
  }
`)

/** Signs somebody up in the way that the server offers: at once, with a mailed link, or not at all. */
export function SignUp({ session }: { session: Session }) {
  const { side } = session
  const { data, error } = useQuery(CustomerSignup, { skip: side === 'staff' })
  const way = side === 'staff' ? 'OPEN' : data?.customerSignup
  return (
    <>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {way === 'OPEN' && <SignUpForm session={session} />}
      {way === 'VERIFIED' && <SignUpRequest />}
      {way === 'INVITED' && <p>You can log in here once you have accepted an invitation. We send it by mail.</p>}
      {way === 'OFF' && <p>There are no accounts for customers here.</p>}
      <p className="aside">
        You have an account? <a href={addressOf(side)}>Log in</a>
      </p>
    </>
  )
}

function SignUpForm({ session }: { session: Session }) {
  const { side } = session
  const client = useApolloClient()
  const [expiresAt, setExpiresAt] = useState<string>()
  if (expiresAt) return <LinkSent expiresAt={expiresAt}>We have sent you a link to sign up with.</LinkSent>

  async function submit(values: FormData) {
    const input = {
      name: String(values.get('name')),
      email: String(values.get('email')),
      password: String(values.get('password')),
    }
    const { data } = await client.mutate({
      mutation: side === 'staff' ? SignUpUser : SignUpCustomer,
      variables: { input },
    })
    // Where addresses have to be verified, a link is mailed instead.
    if (data?.result && 'expiresAt' in data.result) setExpiresAt(data.result.expiresAt ?? undefined)
    if (!data?.result?.tokens) return
    await session.begin(data.result.tokens)
    window.location.replace(addressOf(side))
  }

  return (
    <Form label="Sign up" submitLabel="Sign up" onSubmit={submit}>
      <Field label="Name" name="name">
        {(control) => <input {...control} autoComplete="name" required autoFocus />}
      </Field>
      <Field label="E-mail" name="email">
        {(control) => <input {...control} type="email" autoComplete="username" required />}
      </Field>
      <Field label="Password" name="password">
        {(control) => <input {...control} type="password" autoComplete="new-password" required />}
      </Field>
    </Form>
  )
}

/** Has a link mailed, which leads to the rest of the sign-up. */
function SignUpRequest() {
  const client = useApolloClient()
  const [expiresAt, setExpiresAt] = useState<string>()
  if (expiresAt) return <LinkSent expiresAt={expiresAt}>We have sent you a link to sign up with.</LinkSent>

  async function submit(values: FormData) {
    const input = { email: String(values.get('email')) }
    const { data } = await client.mutate({ mutation: RequestSignUp, variables: { input } })
    setExpiresAt(data?.requestSignUp?.expiresAt)
  }

  return (
    <Form label="Sign up" submitLabel="Send me a link" onSubmit={submit}>
      <Field label="E-mail" name="email">
        {(control) => <input {...control} type="email" autoComplete="username" required autoFocus />}
      </Field>
    </Form>
  )
}
