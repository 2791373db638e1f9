import { ApolloProvider, useApolloClient } from '@apollo/client/react'
import { useState, useSyncExternalStore } from 'react'
import { type AddressLink, homeOf } from '../address'
import { newApi } from '../api/client'
import { graphql } from '../api/generated'
import type { Session, Side } from '../api/session'
import { Form } from '../parts/Form'
import { Heading } from '../parts/Heading'
import { LogIn } from '../parts/LogIn'
import { TokenField } from '../parts/TokenField'

const VerifyEmail = graphql(`
  mutation VerifyEmail($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
      viewer {
        ...Address
      }
    }
  }
`)

const ConfirmEmailChange = graphql(`
  mutation ConfirmEmailChange($input: ConfirmEmailChangeInput!) {
    confirmEmailChange(input: $input) {
      viewer {
        ...Address
      }
    }
  }
`)

const pages = {
  'verify-email': { title: 'Verify your address', mutation: VerifyEmail },
  'change-email': { title: 'Change your address', mutation: ConfirmEmailChange },
} as const

interface AddressLinkScreenProps {
  link: AddressLink
  sessions: Record<Side, Session>
}

/** The page of a link about the address of an account. It takes a session of that account, so it may begin with the log-in. */
export function AddressLinkScreen({ link, sessions }: AddressLinkScreenProps) {
  const [side, setSide] = useState<Side>(() => (sessions.staff.isLoggedIn() ? 'staff' : 'customer'))
  return (
    <main className="door card">
      <h1>CRM console</h1>
      <Heading>{pages[link.action].title}</Heading>
      <fieldset className="choice">
        <legend>Whose address it is</legend>
        {(['staff', 'customer'] as const).map((one) => (
          <label key={one}>
            <input type="radio" name="side" checked={side === one} onChange={() => setSide(one)} />{' '}
            {one === 'staff' ? 'Staff' : 'Customer'}
          </label>
        ))}
      </fieldset>
      <WithSession key={side} link={link} session={sessions[side]} />
    </main>
  )
}

function WithSession({ link, session }: { link: AddressLink; session: Session }) {
  const [api] = useState(() => newApi(session))
  const isLoggedIn = useSyncExternalStore(session.subscribe, session.isLoggedIn)
  return (
    <ApolloProvider client={api.client}>
      {isLoggedIn ? <Confirmation link={link} side={session.side} /> : <LogIn session={session} />}
    </ApolloProvider>
  )
}

/** Uses the link up, once the account's holder wants it. */
function Confirmation({ link, side }: { link: AddressLink; side: Side }) {
  const client = useApolloClient()
  const [isDone, setDone] = useState(false)
  const { title, mutation } = pages[link.action]

  async function submit(values: FormData) {
    await client.mutate({ mutation, variables: { input: { token: link.token ?? String(values.get('token')) } } })
    setDone(true)
  }

  if (isDone) {
    return (
      <>
        <Heading key="done">That is done</Heading>
        <a href={homeOf(side)}>Go on</a>
      </>
    )
  }
  return (
    <Form label={title} submitLabel={title} onSubmit={submit}>
      <TokenField token={link.token} />
    </Form>
  )
}
