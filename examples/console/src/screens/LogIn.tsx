import type { TypedDocumentNode } from '@apollo/client'
import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { graphql } from '../api/generated'
import type { LogInInput, SignUpUserInput, TokensFragment } from '../api/generated/graphql'
import type { Session, Side } from '../api/session'
import { Field, Form } from '../parts/Form'

const LogInUser = graphql(`
  mutation LogInUser($input: LogInInput!) {
    result: logInUser(input: $input) {
      tokens {
        ...Tokens
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
    }
  }
`)

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
    }
  }
`)

type Entry<Input> = TypedDocumentNode<{ result: { tokens: TokensFragment } | null }, { input: Input }>

interface Entries {
  logIn: Entry<LogInInput>
  signUp: Entry<SignUpUserInput>
  invitation: string
}

const entries: Record<Side, Entries> = {
  staff: {
    logIn: LogInUser,
    signUp: SignUpUser,
    invitation: 'Nobody has an account yet? The first one becomes the admin.',
  },
  customer: { logIn: LogInCustomer, signUp: SignUpCustomer, invitation: 'No account yet?' },
}

export function LogIn({ session }: { session: Session }) {
  const client = useApolloClient()
  const [isNew, setNew] = useState(false)
  const { logIn, signUp, invitation } = entries[session.side]

  async function submit(values: FormData) {
    const email = String(values.get('email'))
    const password = String(values.get('password'))
    const { data } = isNew
      ? await client.mutate({
          mutation: signUp,
          variables: { input: { name: String(values.get('name')), email, password } },
        })
      : await client.mutate({ mutation: logIn, variables: { input: { email, password } } })
    if (data?.result) await session.begin(data.result.tokens)
  }

  const action = isNew ? 'Sign up' : 'Log in'
  return (
    <main className="door card">
      <h1>CRM console</h1>
      <nav className="tabs" aria-label="Who you are">
        <a href="#staff" aria-current={session.side === 'staff' ? 'page' : undefined}>
          Staff
        </a>
        <a href="#customer" aria-current={session.side === 'customer' ? 'page' : undefined}>
          Customer
        </a>
      </nav>
      {session.wasRefused && <p role="status">Your session has ended. Please log in again.</p>}
      <Form key={action} label={action} submitLabel={action} onSubmit={submit}>
        {isNew && (
          <Field label="Name" name="name">
            {(control) => <input {...control} autoComplete="name" required />}
          </Field>
        )}
        <Field label="E-mail" name="email">
          {(control) => <input {...control} type="email" autoComplete="username" required />}
        </Field>
        <Field label="Password" name="password">
          {(control) => (
            <input {...control} type="password" autoComplete={isNew ? 'new-password' : 'current-password'} required />
          )}
        </Field>
      </Form>
      <p className="aside">
        {isNew ? 'You have an account?' : invitation}{' '}
        <button type="button" className="link" onClick={() => setNew(!isNew)}>
          {isNew ? 'Log in' : 'Sign up'}
        </button>
      </p>
    </main>
  )
}
